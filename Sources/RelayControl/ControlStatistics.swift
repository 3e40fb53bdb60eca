package import NGProtocol
internal import Synchronization
package import WireFormat

/// Counts control messages: by command, and by who sent them.
package final class ControlStatistics: Sendable {
    /// How often a command came, and how long it took.
    package struct Usage: Equatable, Sendable {
        package var count: UInt64 = 0
        package var nanoseconds: UInt64 = 0
        package var shortest: UInt64 = .max
        package var longest: UInt64 = 0

        package init() {}

        fileprivate mutating func add(_ nanoseconds: UInt64) {
            count += 1
            self.nanoseconds &+= nanoseconds
            shortest = min(shortest, nanoseconds)
            longest = max(longest, nanoseconds)
        }
    }

    /// One sender of commands.
    package struct Proxy: Sendable {
        package let address: IPAddress
        package fileprivate(set) var commands: [NGCommand: Usage] = [:]
        package fileprivate(set) var errors: UInt64 = 0

        /// How it has used a command.
        package subscript(command: NGCommand) -> Usage { commands[command] ?? Usage() }
    }

    /// Senders that are told apart; all others share an entry with the unspecified address. A source address can be
    /// forged, and must not cost us memory.
    package static let mostProxies = 256

    private struct State {
        /// In the order in which they came.
        var proxies: [Proxy] = []
        var positions: [IPAddress: Int] = [:]
        var interval: [NGCommand: Usage] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Counts a command that was carried out, or refused. What comes from the unspecified address is not a client's: the
    /// relay asks itself whether it still answers.
    package func count(_ command: NGCommand, from address: IPAddress, nanoseconds: UInt64, isError: Bool) {
        guard !address.isUnspecified else { return }
        state.withLock { state in
            let position = Self.position(of: address, in: &state)
            state.proxies[position].commands[command, default: Usage()].add(nanoseconds)
            if isError { state.proxies[position].errors += 1 }
            state.interval[command, default: Usage()].add(nanoseconds)
        }
    }

    /// Counts a message that could not be read.
    package func countError(from address: IPAddress) {
        state.withLock { state in state.proxies[Self.position(of: address, in: &state)].errors += 1 }
    }

    /// All senders since the start, in the order in which they came.
    package var proxies: [Proxy] { state.withLock { $0.proxies } }

    /// All commands since this was last asked.
    package func takeInterval() -> [NGCommand: Usage] {
        state.withLock { state in
            defer { state.interval = [:] }
            return state.interval
        }
    }

    private static func position(of address: IPAddress, in state: inout State) -> Int {
        if let position = state.positions[address] { return position }
        guard state.proxies.count < mostProxies else { return position(ofOthersIn: &state) }
        return add(address, to: &state)
    }

    private static func position(ofOthersIn state: inout State) -> Int {
        let others = IPAddress.unspecified(.ipv4)
        return state.positions[others] ?? add(others, to: &state)
    }

    private static func add(_ address: IPAddress, to state: inout State) -> Int {
        state.proxies.append(Proxy(address: address))
        state.positions[address] = state.proxies.count - 1
        return state.proxies.count - 1
    }
}
