internal import Synchronization
internal import WireFormat

/// Whose turn it is among interfaces that calls are spread over.
final class InterfaceTurn: Sendable {
    private let next = Atomic<UInt>(0)

    /// A number one higher than the last time.
    func take() -> UInt { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}

extension InterfaceTable {
    /// The name that stands for all interfaces.
    private static let everyInterface = "round-robin-calls"

    /// The interfaces that a name stands for: `BASE` is any of `BASE:1`, `BASE:2` and so on. Those of other relays are for
    /// calls that are there already: media of a new one would go past us.
    func members(of name: String) -> [String] {
        var names: [String] = []
        for interface in interfaces where !interface.configuration.isBackup {
            let own = interface.configuration.name
            guard name == Self.everyInterface || own.hasPrefix(name + ":"), !names.contains(own) else { continue }
            names.append(own)
        }
        return names
    }

    /// The interface for one side of a call, by the name that its later offers go by.
    ///
    /// - Parameters:
    ///   - name: what the offer asks for; `nil` for the default interface.
    ///   - current: the interface that the side has already; kept if it is one of those asked for.
    ///   - family: that the side's addresses will be of.
    /// - Returns: `nil` where the default interface is good and is not one of several.
    func resolve(_ name: String?, keeping current: String?, family: AddressFamily) -> String? {
        guard let name = name.map({ aliases[$0] ?? $0 }) ?? defaultBases[family] else { return nil }
        if interfaces.contains(where: { $0.configuration.name == name }) { return name }
        let members = members(of: name)
        if let current, members.contains(current) { return current }
        guard !members.isEmpty else { return name }
        let start = Int(turn.take() % UInt(members.count))
        let inTurn = members[start...] + members[..<start]
        return inTurn.first { hasRoom($0, family) } ?? inTurn.first
    }

    private func hasRoom(_ name: String, _ family: AddressFamily) -> Bool {
        interfaces.contains { $0.configuration.name == name && $0.family == family && $0.ports.usage.free > 0 }
    }
}
