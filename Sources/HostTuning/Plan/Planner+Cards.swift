extension Planner {
    /// Descriptors of a queue: at 200,000 packets a second, about what a core relays in user space, 4,096 are 20 ms, which is
    /// how long a thread may have to wait for its core. More would leave the cache.
    private static let ringSize = 4096
    /// Microseconds that an interrupt may wait: at 100,000 packets a second five come with each, and none is late.
    private static let coalescing = 50
    /// More than that is heard, as a part of the delay.
    private static let longestCoalescing = 100

    func steps(of card: InterfaceState) -> [TuningStep] {
        [queues(of: card), ring(of: card), coalescing(of: card)].compactMap(\.self) + steering(of: card)
            + cores(of: card)
    }

    private func queues(of card: InterfaceState) -> TuningStep? {
        guard let queues = card.queues, queues.most > 1 else { return nil }
        let reason =
            "A media thread works best when its packets have a queue, and with it a core, of their own. More queues "
            + "than threads do no harm."
        let wanted = min(threads, queues.most)
        guard queues.now < wanted else {
            return .fine(card.name, "queues", "\(queues.now) of \(queues.most)", reason)
        }
        return TuningStep(
            subject: card.name, topic: "queues", now: "\(queues.now) of \(queues.most)", wanted: "\(wanted)",
            reason: reason + " The card stops for a moment. What follows for the new queues shows once they are there; "
                + "--apply goes on by itself.",
            changes: [
                .setQueues(
                    .init(card), wanted, was: queues.now, areCombined: card.queuesAreCombined)
            ])
    }

    private func ring(of card: InterfaceState) -> TuningStep? {
        guard let ring = card.ring, ring.most > 0 else { return nil }
        let reason =
            "What comes while the core is busy waits here: \(Self.ringSize) packets are 20 ms of all that a core relays."
        let wanted = min(Self.ringSize, ring.most)
        guard ring.now < wanted else { return .fine(card.name, "receive ring", "\(ring.now)", reason) }
        return TuningStep(
            subject: card.name, topic: "receive ring", now: "\(ring.now)", wanted: "\(wanted)",
            reason: reason + " The card stops for a moment.",
            changes: [.setRing(.init(card), wanted, was: ring.now)])
    }

    private func coalescing(of card: InterfaceState) -> TuningStep? {
        guard let coalescing = card.coalescing else { return nil }
        let reason =
            "An interrupt for each packet costs more than the packet; one that waits longer than "
            + "\(Self.longestCoalescing) us adds to the delay of speech."
        guard !coalescing.isAdaptive else {
            return .fine(card.name, "interrupt delay", "adaptive", reason + " The driver chooses by the load.")
        }
        guard !(1...Self.longestCoalescing).contains(coalescing.microseconds) else {
            return .fine(card.name, "interrupt delay", "\(coalescing.microseconds) us", reason)
        }
        return TuningStep(
            subject: card.name, topic: "interrupt delay", now: "\(coalescing.microseconds) us",
            wanted: "\(Self.coalescing) us", reason: reason,
            changes: [
                .setCoalescing(.init(card), microseconds: Self.coalescing, was: coalescing.microseconds)
            ])
    }
}
