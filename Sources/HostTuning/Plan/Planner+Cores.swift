extension Planner {
    /// What ties queues to cores.
    func cores(of card: InterfaceState) -> [TuningStep] {
        [interrupts(of: card), nearness(of: card), receiveSteering(of: card), sendSteering(of: card)].compactMap(\.self)
    }

    private func interrupts(of card: InterfaceState) -> TuningStep? {
        guard !card.interrupts.isEmpty else { return nil }
        let reason =
            "The core that takes a queue's interrupts has its packets in the cache; media thread N is on the core of "
            + "queue N."
        let changes = card.interrupts.compactMap { interrupt -> HostChange? in
            let wanted = ProcessorSet([core(of: interrupt.queue)])
            guard interrupt.cores != wanted else { return nil }
            return .write(
                "\(wanted)", to: "/proc/irq/\(interrupt.number)/smp_affinity_list", was: "\(interrupt.cores)")
        }
        let target = "queue N on the core of media thread N"
        guard !changes.isEmpty else { return .fine(card.name, "interrupts", target, reason) }
        return TuningStep(
            subject: card.name, topic: "interrupts",
            now: "\(changes.count) of \(card.interrupts.count) are elsewhere", wanted: target, reason: reason,
            changes: changes)
    }

    private func nearness(of card: InterfaceState) -> TuningStep? {
        let used = ProcessorSet((0..<threads).map(core(of:)))
        guard let near = card.localCores, !near.isEmpty, !used.isSubset(of: near) else { return nil }
        return TuningStep(
            subject: card.name, topic: "memory node", now: "near cores \(near), the relay on \(used)",
            wanted: "the relay near the card",
            reason:
                "A packet that has to cross to another processor's memory costs more time, each time it is looked at.",
            advice: ["CPUAffinity=\(near)   (in the relay's systemd unit)"])
    }

    private func receiveSteering(of card: InterfaceState) -> TuningStep? {
        let queues = card.receiveSteering.count
        let all = ProcessorSet(host.cores)
        let wanted: (Int) -> ProcessorSet
        let (target, reason): (String, String)
        if host.cores.count == 1 {
            return nil
        } else if queues == 1 {
            wanted = { _ in all }
            (target, reason) = (
                "cores \(all)",
                "There is one queue, so one core would do all that comes before the relay. The kernel hands packets on to "
                    + "others, by a hash of addresses and ports, so that RTCP may come by another core than its RTP."
            )
        } else if card.interrupts.isEmpty {
            wanted = { queue in ProcessorSet([core(of: queue)]) }
            (target, reason) = (
                "queue N on the core of media thread N",
                "The queues have no interrupts that could be placed, so the kernel hands their packets on (RPS)."
            )
        } else {
            wanted = { _ in .none }
            (target, reason) = (
                "off", "Interrupts are where the packets should be; handing them on again would undo that."
            )
        }
        let changes = (0..<queues).compactMap { queue -> HostChange? in
            let (now, wanted) = (card.receiveSteering[queue], wanted(queue))
            guard now != wanted else { return nil }
            return .write(wanted.mask, to: "\(Self.queue(card, "rx", queue))/rps_cpus", was: now.mask)
        }
        guard !changes.isEmpty else { return .fine(card.name, "receive steering", target, reason) }
        let before = Set(card.receiveSteering.map { $0.isEmpty ? "off" : "cores \($0)" }).sorted()
        return TuningStep(
            subject: card.name, topic: "receive steering", now: before.joined(separator: " / "), wanted: target,
            reason: reason, changes: changes)
    }

    private func sendSteering(of card: InterfaceState) -> TuningStep? {
        guard card.sendSteering.count > 1, host.cores.count > 1 else { return nil }
        let reason =
            "A core that always sends by the same queue shares it with nobody, and takes back what has been sent there."
        let target = "queue N for the core of media thread N"
        let changes = card.sendSteering.enumerated().compactMap { queue, now -> HostChange? in
            let wanted = ProcessorSet([core(of: queue)])
            guard now != wanted else { return nil }
            return .write(wanted.mask, to: "\(Self.queue(card, "tx", queue))/xps_cpus", was: now.mask)
        }
        guard !changes.isEmpty else { return .fine(card.name, "send steering", target, reason) }
        return TuningStep(
            subject: card.name, topic: "send steering",
            now: "\(changes.count) of \(card.sendSteering.count) queues otherwise", wanted: target, reason: reason,
            changes: changes)
    }

    private static func queue(_ card: InterfaceState, _ direction: String, _ number: Int) -> String {
        "/sys/class/net/\(card.name)/queues/\(direction)-\(number)"
    }
}
