internal import RelayCore
internal import WireFormat

extension Planner {
    /// Drivers whose rules take a port as a whole or not at all, so that sixteen ports in a row would be sixteen rules.
    private static let wholePortDrivers: Set<String> = ["bnxt_en", "i40e", "iavf", "ice"]

    /// The families that media comes in by.
    private var families: [AddressFamily] {
        [.ipv4, .ipv6].filter { family in demand.addresses.contains { $0.family == family } }
    }

    /// What makes packets of one call come to one queue.
    func steering(of card: InterfaceState) -> [TuningStep] {
        let queues = card.receiveSteering.count
        guard queues > 1, card.filters != nil || !card.hash.isEmpty else { return [] }
        if let lanes, steersByPorts(card) { return [rules(of: card, lanes)] }
        let fields: HashFields = demand.steering == .flows ? .addressesAndPorts : .addresses
        let stale = staleRules(of: card)
        return families.compactMap { hash(of: card, $0, fields) }
            + [spread(of: card, queues), stale].compactMap(\.self)
    }

    private func steersByPorts(_ card: InterfaceState) -> Bool {
        guard card.filters != nil else { return false }
        switch demand.steering {
        case .automatic: return !Self.wholePortDrivers.contains(card.driver)
        case .ports: return true
        case .addresses, .flows: return false
        }
    }

    // MARK: By the relay's ports

    /// Whether a rule may be one of ours: it looks at bits that lanes are told by.
    private static func isOurs(_ rule: PortRule) -> Bool {
        (1...12).contains { PortLanes(count: 1 << $0).mask == rule.mask }
    }

    private func rules(of card: InterfaceState, _ lanes: PortLanes) -> TuningStep {
        let queues = min(card.receiveSteering.count, threads)
        let wanted = families.flatMap { family in
            (0..<lanes.count).map { lane in
                PortRule(
                    family: family, port: UInt16(lane) * PortLanes.width, mask: lanes.mask ?? 0, queue: lane % queues)
            }
        }
        let present = card.filters?.portRules.filter(Self.isOurs) ?? []
        let surplus = present.filter { rule in !wanted.contains { $0.isLike(rule) } }
        let missing = wanted.filter { rule in !present.contains { $0.isLike(rule) } }
        let isEnabled = card.filters?.isEnabled ?? false
        let reason =
            "All ports of a call, RTP and RTCP of both sides, belong to one media thread, sixteen ports in a row to each "
            + "thread in turn. By rules that look at these bits of the port, all of a call comes to one queue, and calls "
            + "spread evenly however few the far ends are. A hash could do neither."
            + (demand.usesKernel ? " What is forwarded in the kernel never leaves that core." : "")
        let target = "\(Self.count(wanted.count, "rule")): ports of thread N to queue N"
        guard !missing.isEmpty || !surplus.isEmpty || !isEnabled else {
            return .fine(card.name, "steering", target, reason)
        }
        let now = isEnabled ? "\(wanted.count - missing.count) of \(wanted.count) rules" : "no rules (ntuple off)"
        return TuningStep(
            subject: card.name, topic: "steering", now: now, wanted: target, reason: reason,
            changes: (isEnabled ? [] : [.setFilters(.init(card), enabled: true)])
                + surplus.map { .removeRule(.init(card), $0) } + missing.map { .addRule(.init(card), $0) })
    }

    /// Rules of an earlier plan that would go on leading packets astray.
    private func staleRules(of card: InterfaceState) -> TuningStep? {
        guard let stale = card.filters?.portRules.filter(Self.isOurs), !stale.isEmpty else { return nil }
        return TuningStep(
            subject: card.name, topic: "old rules", now: Self.count(stale.count, "rule"), wanted: "none",
            reason: "Rules by port are for media threads that keep to their cores and ports, which these do not.",
            changes: stale.map { .removeRule(.init(card), $0) })
    }

    // MARK: By a hash

    private func hash(of card: InterfaceState, _ family: AddressFamily, _ fields: HashFields) -> TuningStep? {
        guard let now = card.hash[family] else { return nil }
        let topic = family == .ipv4 ? "hash of UDP/IPv4" : "hash of UDP/IPv6"
        let reason =
            fields == .addresses
            ? "RTP and RTCP of one far end have the same two addresses, and so one queue; with the ports in the hash they "
                + "would have two. Far ends spread over the queues if they are many: when all calls come from a few "
                + "addresses, use --steer=flows."
            : "With few far ends, only their ports tell calls apart. RTCP may come by another queue than its RTP: a "
                + "packet in some seconds."
        guard now != fields else { return .fine(card.name, topic, "\(now)", reason) }
        return TuningStep(
            subject: card.name, topic: topic, now: "\(now)", wanted: "\(fields)", reason: reason,
            changes: [.setHash(.init(card), family, fields, was: now)])
    }

    private func spread(of card: InterfaceState, _ queues: Int) -> TuningStep? {
        guard let spread = card.spread, spread.queues > 0 else { return nil }
        let reason = "The hash leads to queues by a table, which should have all of them."
        let now = Self.count(spread.queues, "queue")
        guard spread.queues < queues else { return .fine(card.name, "hash table", now, reason) }
        let change = HostChange.resetSpread(.init(card), was: spread.queues)
        // Somebody has made a table of their own, and no single command brings it back.
        guard spread.isInTurn else {
            return TuningStep(
                subject: card.name, topic: "hash table", now: "\(now), weighted by hand", wanted: "\(queues)",
                reason: reason, advice: [change.command])
        }
        return TuningStep(
            subject: card.name, topic: "hash table", now: now, wanted: "\(queues)", reason: reason, changes: [change])
    }
}
