package import WireFormat

/// One thing that is done to the host, with the command that would do it and the one that takes it back.
package enum HostChange: Equatable, Sendable {
    /// A network card, by name for people and by index for the kernel.
    package struct Card: Equatable, Sendable {
        package let name: String
        package let index: Int

        package init(_ interface: InterfaceState) { (name, index) = (interface.name, interface.index) }
    }

    /// Writes a file of the kernel's.
    case write(String, to: String, was: String)
    case setQueues(Card, Int, was: Int, areCombined: Bool)
    case setRing(Card, Int, was: Int)
    case setCoalescing(Card, microseconds: Int, was: Int)
    case setHash(Card, AddressFamily, HashFields, was: HashFields)
    /// The hash leads to all queues in turn, as it led to the first `was` before.
    case resetSpread(Card, was: Int)
    case setFilters(Card, enabled: Bool)
    case addRule(Card, PortRule)
    case removeRule(Card, PortRule)
    /// Has a shell run a command.
    case run(String, undo: String)

    /// For a shell.
    package var command: String {
        switch self {
        case .write(let text, let path, _): Self.writing(text, to: path)
        case .setQueues(let card, let count, _, let areCombined):
            "ethtool -L \(card.name) \(areCombined ? "combined" : "rx") \(count)"
        case .setRing(let card, let size, _): "ethtool -G \(card.name) rx \(size)"
        case .setCoalescing(let card, let microseconds, _): "ethtool -C \(card.name) rx-usecs \(microseconds)"
        case .setHash(let card, let family, let fields, _):
            "ethtool -N \(card.name) rx-flow-hash \(Self.udp(family)) \(fields)"
        case .resetSpread(let card, _): "ethtool -X \(card.name) default"
        case .setFilters(let card, let enabled): "ethtool -K \(card.name) ntuple \(enabled ? "on" : "off")"
        case .addRule(let card, let rule): Self.adding(rule, to: card)
        case .removeRule(let card, let rule): "ethtool -N \(card.name) delete \(rule.location ?? 0)"
        case .run(let command, _): command
        }
    }

    /// The card that many drivers take down for this, so that its link is gone for seconds, and what takes that back; `nil`
    /// for changes that stop nothing.
    package var interruption: (card: Card, wayBack: HostChange)? {
        switch self {
        case .setQueues(let card, let count, let before, let areCombined):
            (card: card, wayBack: .setQueues(card, before, was: count, areCombined: areCombined))
        case .setRing(let card, let size, let before): (card: card, wayBack: .setRing(card, before, was: size))
        case .setFilters(let card, let enabled): (card: card, wayBack: .setFilters(card, enabled: !enabled))
        default: nil
        }
    }

    /// For the shell of an `UndoList`; `nil` for a rule whose place is not known.
    ///
    /// - Parameter location: where a rule has been put.
    package func undo(location: Int? = nil) -> String? {
        if let (card, wayBack) = interruption { return "\(UndoList.keepingLink) \(card.name) \(wayBack.command)" }
        return switch self {
        case .setQueues, .setRing, .setFilters: nil  // interruptions
        case .write(_, let path, let before): Self.writing(before, to: path)
        case .setCoalescing(let card, _, let before): "ethtool -C \(card.name) rx-usecs \(before)"
        case .setHash(let card, let family, _, let before):
            "ethtool -N \(card.name) rx-flow-hash \(Self.udp(family)) \(before)"
        case .resetSpread(let card, let before): "ethtool -X \(card.name) equal \(before)"
        case .addRule(let card, _): location.map { "ethtool -N \(card.name) delete \($0)" }
        case .removeRule(let card, let rule): Self.adding(rule, to: card)
        case .run(_, let undo): undo
        }
    }

    private static func udp(_ family: AddressFamily) -> String { family == .ipv4 ? "udp4" : "udp6" }

    private static func writing(_ text: String, to path: String) -> String { "echo '\(text)' > \(path)" }

    /// In ethtool(8) the bits of a mask are those that do not count.
    private static func adding(_ rule: PortRule, to card: Card) -> String {
        func hexadecimal(_ value: UInt16) -> String { "0x" + String(value, radix: 16) }
        return "ethtool -N \(card.name) flow-type \(udp(rule.family)) dst-port \(hexadecimal(rule.port)) "
            + "m \(hexadecimal(~rule.mask)) action \(rule.queue)"
    }
}
