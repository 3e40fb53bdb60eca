/// When packet number `n` is due while the rate changes: one `Pacer` after the other, the last without an end.
package struct PaceProfile: Equatable, Sendable {
    /// A number of packets at one rate.
    package struct Step: Equatable, Sendable {
        package let packets: Int
        /// Packets per second.
        package let rate: Int

        package init(packets: Int, rate: Int) { (self.packets, self.rate) = (packets, rate) }
    }

    private struct Leg: Equatable {
        /// How many packets earlier legs have.
        let first: UInt64
        var pacer: Pacer
    }

    private var legs: [Leg] = []
    /// Packets in all.
    package let packets: Int
    /// When packet 0 is due, in nanoseconds of the caller's clock.
    package let start: UInt64

    /// - Parameter steps: at least one.
    package init(_ steps: [Step], start: UInt64) {
        self.start = start
        packets = steps.reduce(0) { $0 + max(0, $1.packets) }
        var (first, time): (UInt64, UInt64) = (0, start)
        for step in steps {
            let pacer = Pacer(rate: UInt64(max(1, step.rate)), start: time)
            legs.append(Leg(first: first, pacer: pacer))
            first += UInt64(max(0, step.packets))
            time = pacer.time(of: UInt64(max(0, step.packets)))
        }
    }

    /// When the first packet of each step is due.
    package var starts: [UInt64] { legs.map(\.pacer.start) }

    /// So many packets have left. Steps that should have begun meanwhile begin now: what a sender could not send in time
    /// belongs to its own step, and does not make the next one faster.
    package mutating func postpone(after sent: UInt64, at now: UInt64) {
        guard let next = legs.firstIndex(where: { $0.first > sent && $0.pacer.start < now }) else { return }
        let delay = now - legs[next].pacer.start
        for index in next..<legs.count {
            let (start, overflow) = legs[index].pacer.start.addingReportingOverflow(delay)
            legs[index].pacer = Pacer(rate: legs[index].pacer.rate, start: overflow ? .max : start)
        }
    }

    /// How many packets should have been sent at `now`; packet 0 counts from `start` on.
    package func due(at now: UInt64) -> UInt64 {
        var due: UInt64 = 0
        for (index, leg) in legs.enumerated() where now >= leg.pacer.start {
            let (sum, overflow) = leg.first.addingReportingOverflow(leg.pacer.due(at: now))
            due = overflow ? .max : sum
            if index + 1 < legs.count { due = min(due, legs[index + 1].first) }
        }
        return due
    }

    /// The moment at which `due(at:)` first exceeds `packet`.
    package func time(of packet: UInt64) -> UInt64 {
        guard let leg = legs.last(where: { $0.first <= packet }) else { return start }
        return leg.pacer.time(of: packet - leg.first)
    }
}
