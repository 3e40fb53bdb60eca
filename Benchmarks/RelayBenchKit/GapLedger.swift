/// Remembers for every flow the longest time in which packets were missing, and when the last one arrived.
///
/// Packets that are only late make no gap. Arrival times are nanoseconds of one clock that all flows share.
package struct GapLedger: Sendable {
    private struct FlowState {
        /// When the latest packet arrived, and the highest number of all.
        var last: UInt64 = 0
        var number = -1
        var longest: UInt64 = 0
    }

    private var flows: [FlowState]
    /// The time between two packets of a flow when nothing is wrong, in nanoseconds.
    private let interval: UInt64

    /// - Parameter interval: nanoseconds between two packets of a flow as they are sent.
    package init(flows: Int, interval: UInt64) {
        self.flows = Array(repeating: FlowState(), count: flows)
        self.interval = interval
    }

    /// Notes the arrival of packet `number` (from 0). Packets that the kernel stamped in another order count as arrived
    /// together.
    package mutating func arrived(flow: Int, number: Int, at time: UInt64) {
        guard flows.indices.contains(flow) else { return }
        let before = flows[flow]
        if number > before.number + 1, before.last > 0, time > before.last {
            flows[flow].longest = max(before.longest, time - before.last)
        }
        flows[flow].number = max(before.number, number)
        flows[flow].last = max(before.last, time)
    }

    /// The longest interruption of a flow in nanoseconds: the longest time between two packets, less the interval at which
    /// they were sent. For a flow that was cut off at a random moment that is, on average, how long it was cut off.
    package func longestGap(flow: Int) -> UInt64 { flows[flow].longest - min(flows[flow].longest, interval) }

    /// Whether a flow has got a packet at `time` or later.
    package func isAlive(flow: Int, since time: UInt64) -> Bool { flows[flow].last > 0 && flows[flow].last >= time }

    /// For how long a flow has been silent at a moment, less the interval; 0 for one that never got a packet.
    package func silence(flow: Int, at end: UInt64) -> UInt64 {
        let last = flows[flow].last
        return last > 0 ? end - min(end, last + interval) : 0
    }
}

/// What a fault did to the calls that were running.
package struct FailoverTotals: Equatable, Sendable, Codable {
    package var calls = 0
    /// Packets of all flows.
    package var sent = 0
    package var lost = 0
    package var duplicated = 0
    /// Packets between two packets of one flow, as they were sent, in milliseconds.
    package var intervalMilliseconds = 0.0
    /// The longest interruption of any call, in milliseconds.
    package var longestGapMilliseconds = 0.0
    /// Lost packets times the interval, over the flows that lost any: the mean interruption, in milliseconds.
    package var meanGapMilliseconds = 0.0
    /// Calls with at least one lost packet.
    package var callsAffected = 0
    /// Calls of which a direction was still silent at the end.
    package var callsLost = 0

    package init() {}

    /// Adds up what the two ledgers say.
    ///
    /// - Parameters:
    ///   - sent: by flow, packets that left.
    ///   - end: when the last packet left. Not when the last one arrived: all calls may have gone silent together.
    ///   - silence: a call is lost when one of its directions got nothing in the last so many nanoseconds.
    package init(
        plan: FlowPlan, calls: Int, interval: UInt64, arrivals: ArrivalLedger, gaps: GapLedger, end: UInt64,
        silence: UInt64, sent: (_ flow: Int) -> Int
    ) {
        let totals = arrivals.totals(sent: sent)
        self.calls = calls
        (self.sent, lost, duplicated) = (totals.sent, totals.lost, totals.duplicated)
        intervalMilliseconds = Double(interval) / 1e6
        var (affected, dead) = (Set<Int>(), Set<Int>())
        var (longest, affectedFlows): (UInt64, Int) = (0, 0)
        for (index, flow) in plan.flows.enumerated() {
            longest = max(longest, gaps.longestGap(flow: index))
            if !gaps.isAlive(flow: index, since: end - min(end, silence)) {
                dead.insert(flow.call)
                longest = max(longest, gaps.silence(flow: index, at: end))
            }
            guard arrivals.received(flow: index) < sent(index) else { continue }
            affected.insert(flow.call)
            affectedFlows += 1
        }
        longestGapMilliseconds = Double(longest) / 1e6
        meanGapMilliseconds = affectedFlows > 0 ? Double(lost) / Double(affectedFlows) * intervalMilliseconds : 0
        (callsAffected, callsLost) = (affected.count, dead.count)
    }
}
