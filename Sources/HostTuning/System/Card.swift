internal import CLinux
internal import RelayCore
internal import WireFormat

/// A network card, as ethtool's requests reach it.
struct Card {
    /// More rules than any card has.
    private static let mostRules: UInt32 = 4096

    private let index: Int32

    init(index: Int) { self.index = Int32(truncatingIfNeeded: index) }

    // MARK: Reading

    /// Fills in what the driver tells; what it does not know stays as it is.
    func describe(_ interface: inout InterfaceState) {
        let channels = clinux_nic_channels(index)
        if channels.error == 0 {
            interface.queuesAreCombined = channels.combined_max > 0
            interface.queues =
                channels.combined_max > 0
                ? Limited(Int(channels.combined), of: Int(channels.combined_max))
                : Limited(Int(channels.receive), of: Int(channels.receive_max))
        }
        let ring = clinux_nic_ring(index)
        if ring.error == 0 { interface.ring = Limited(Int(ring.receive), of: Int(ring.receive_max)) }
        let coalescing = clinux_nic_coalescing(index)
        if coalescing.error == 0 {
            interface.coalescing = Coalescing(
                microseconds: Int(coalescing.microseconds), isAdaptive: coalescing.adaptive)
        }
        for family in [AddressFamily.ipv4, .ipv6] {
            let hash = clinux_nic_hash(index, Self.number(family))
            if hash.error == 0 { interface.hash[family] = HashFields(rawValue: hash.fields) }
        }
        let spread = clinux_nic_spread(index)
        if spread.error == 0 { interface.spread = Spread(queues: Int(spread.queues), isInTurn: spread.in_turn) }
        interface.filters = filters
    }

    private var filters: Filters? {
        let state = clinux_nic_filters(index)
        guard state.error == 0 else { return nil }
        var filters = Filters(isEnabled: state.enabled)
        for position in 0..<min(state.count, Self.mostRules) {
            let rule = clinux_nic_rule(index, position)
            guard rule.error == 0 else { break }
            guard rule.family != 0 else {
                filters.others += 1
                continue
            }
            filters.portRules.append(
                PortRule(
                    family: rule.family == 4 ? .ipv4 : .ipv6, port: rule.port, mask: rule.mask,
                    queue: Int(rule.queue), location: Int(rule.location)))
        }
        return filters
    }

    private static func number(_ family: AddressFamily) -> Int32 { family == .ipv4 ? 4 : 6 }

    // MARK: Changing

    func setQueues(_ count: Int) throws(SystemError) {
        try Self.check(clinux_nic_set_channels(index, UInt32(count)), "set the number of queues")
    }

    func setRing(_ size: Int) throws(SystemError) {
        try Self.check(clinux_nic_set_ring(index, UInt32(size)), "set the receive ring")
    }

    func setCoalescing(microseconds: Int) throws(SystemError) {
        try Self.check(clinux_nic_set_coalescing(index, UInt32(microseconds)), "set the interrupt delay")
    }

    func setHash(_ family: AddressFamily, _ fields: HashFields) throws(SystemError) {
        try Self.check(clinux_nic_set_hash(index, Self.number(family), fields.rawValue), "set the hash")
    }

    func resetSpread() throws(SystemError) { try Self.check(clinux_nic_reset_spread(index), "reset the hash table") }

    func setFilters(enabled: Bool) throws(SystemError) {
        try Self.check(clinux_nic_enable_filters(index, enabled), "switch rules \(enabled ? "on" : "off")")
    }

    /// Returns where the rule is.
    func add(_ rule: PortRule) throws(SystemError) -> Int {
        let location = clinux_nic_add_rule(
            index, Self.number(rule.family), rule.port, rule.mask, UInt32(rule.queue))
        guard location >= 0 else { throw SystemError(errno: -location, operation: "add a rule") }
        return Int(location)
    }

    func removeRule(at location: Int) throws(SystemError) {
        try Self.check(clinux_nic_remove_rule(index, UInt32(location)), "remove a rule")
    }

    private static func check(_ result: Int32, _ operation: String) throws(SystemError) {
        guard result >= 0 else { throw SystemError(errno: -result, operation: operation) }
    }
}
