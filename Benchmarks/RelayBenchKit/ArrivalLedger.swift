/// Remembers for every packet of every flow whether it has arrived: one bit each, so that lost, duplicated and
/// reordered packets are counted exactly, however late they come.
package struct ArrivalLedger: Sendable {
    /// What one arrival means.
    package enum Arrival: Equatable, Sendable {
        case inOrder
        /// First time, but after a packet with a higher number (RFC 4737 §3.3).
        case reordered
        case duplicate
        /// A flow or number that cannot have been sent.
        case impossible
    }

    private let packetsPerFlow: Int
    private let wordsPerFlow: Int
    private var seen: [UInt64]
    private var flows: [Counts]

    private struct Counts {
        var received = 0
        var duplicated = 0
        var reordered = 0
        /// One more than the highest number that has arrived.
        var expected = 0
    }

    /// - Complexity: flows × packets bits of memory.
    package init(flows: Int, packetsPerFlow: Int) {
        (self.packetsPerFlow, wordsPerFlow) = (packetsPerFlow, (packetsPerFlow + 63) / 64)
        seen = Array(repeating: 0, count: flows * wordsPerFlow)
        self.flows = Array(repeating: Counts(), count: flows)
    }

    /// Notes that packet `number` (from 0) of `flow` has arrived.
    package mutating func arrived(flow: Int, number: Int) -> Arrival {
        guard flows.indices.contains(flow), number >= 0, number < packetsPerFlow else { return .impossible }
        let word = flow * wordsPerFlow + number / 64
        let bit: UInt64 = 1 << (number % 64)
        if seen[word] & bit != 0 {
            flows[flow].duplicated += 1
            return .duplicate
        }
        seen[word] |= bit
        flows[flow].received += 1
        if number < flows[flow].expected {
            flows[flow].reordered += 1
            return .reordered
        }
        flows[flow].expected = number + 1
        return .inOrder
    }

    /// Whether a packet has arrived at least once.
    package func hasArrived(flow: Int, number: Int) -> Bool {
        guard flows.indices.contains(flow), number >= 0, number < packetsPerFlow else { return false }
        return seen[flow * wordsPerFlow + number / 64] & 1 << (number % 64) != 0
    }

    /// Distinct packets of one flow that have arrived.
    package func received(flow: Int) -> Int { flows[flow].received }

    /// The account of one flow, of which `sent` packets left.
    package func totals(flow: Int, sent: Int) -> FlowTotals {
        var totals = FlowTotals()
        totals.add(flow, sent: sent, flows[flow].received, flows[flow].duplicated, flows[flow].reordered)
        return totals
    }

    /// The account over all flows; `sent` tells for each how many packets left.
    package func totals(sent: (_ flow: Int) -> Int) -> FlowTotals {
        var totals = FlowTotals()
        for (flow, counts) in flows.enumerated() {
            totals.add(flow, sent: sent(flow), counts.received, counts.duplicated, counts.reordered)
        }
        return totals
    }
}

/// Packets counted over one flow or many. `sent` is always `received + lost`.
package struct FlowTotals: Equatable, Sendable, Codable {
    package private(set) var sent = 0
    package private(set) var received = 0
    package private(set) var lost = 0
    package private(set) var duplicated = 0
    package private(set) var reordered = 0
    /// The flow that lost the largest share of its packets, and how much that was; nil if nothing was lost.
    package private(set) var worst: Worst?
    /// Flows that were sent packets and got none through.
    package private(set) var silentFlows = 0

    package struct Worst: Equatable, Sendable, Codable {
        package let flow: Int
        package let lost: Int
        package let sent: Int
    }

    package init() {}

    fileprivate mutating func add(_ flow: Int, sent: Int, _ received: Int, _ duplicated: Int, _ reordered: Int) {
        self.sent += sent
        self.received += received
        self.duplicated += duplicated
        self.reordered += reordered
        let lost = sent - received
        self.lost += lost
        if received == 0, sent > 0 { silentFlows += 1 }
        let (worstLost, worstSent) = (worst?.lost ?? 0, worst?.sent ?? 1)
        if lost * worstSent > worstLost * sent { worst = Worst(flow: flow, lost: lost, sent: sent) }
    }

    /// Adds another account, for example of another round.
    package mutating func merge(_ other: FlowTotals) {
        sent += other.sent
        received += other.received
        lost += other.lost
        duplicated += other.duplicated
        reordered += other.reordered
        silentFlows += other.silentFlows
        if let theirs = other.worst, theirs.lost * (worst?.sent ?? 1) > (worst?.lost ?? 0) * theirs.sent {
            worst = theirs
        }
    }
}
