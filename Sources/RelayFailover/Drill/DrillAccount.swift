package import RelayCore

/// What happened to one stream of RTP while its address was lent to another relay and back.
package enum StreamFate: Equatable, Sendable {
    /// - Parameters:
    ///   - sent: packets that its sequence numbers speak of.
    ///   - elsewhere: how many of them have arrived at the relays that had the address meanwhile.
    ///   - lost: how many have arrived nowhere.
    ///   - gap: the longest time in which packets were missing, at most, in milliseconds.
    case measured(sent: Int, elsewhere: Int, lost: Int, gap: Double)
    case unmeasured(Reason)

    package enum Reason: String, Equatable, Sendable, CaseIterable {
        case began = "began meanwhile, or its first packet did"
        case ended = "ended meanwhile"
        case silent = "sent nothing"
        case notBack = "has sent nothing since the address is back"
        case restarted = "has another source, or one that has started anew"
        case unknown = "arrived at a relay that has not told of it"
    }
}

/// Compares readings of an address's streams on its home and on the relays that have had it on loan. A value.
///
/// What arrived is counted on every relay, what was sent is told by the sequence numbers; the difference was lost, wherever
/// that was. A gap is the time of the packets that were lost on one change of the route.
package struct DrillAccount: Equatable, Sendable {
    /// A source that loses more than that has started anew, for all that sequence numbers can tell (RFC 3550 §A.1).
    private static let maximumDropout = 3000

    /// Readings by port.
    package typealias Readings = [UInt16: StreamReading]

    package private(set) var fates: [UInt16: StreamFate] = [:]

    /// - Parameters:
    ///   - before, during, after: on the home before the loan, at its end, and when packets have come back.
    ///   - others: on each of the others before and after the loan; `nil` when one of them has not told.
    package init(before: Readings, during: Readings, after: Readings, others: [(before: Readings, after: Readings)]?) {
        for port in Set(before.keys).union(after.keys) {
            fates[port] = Self.fate(
                before[port], during[port], after[port],
                elsewhere: (others ?? []).compactMap { Arrival($0.before[port], $0.after[port]) },
                isComplete: others != nil)
        }
    }

    /// What came to one of the others.
    private struct Arrival {
        /// More in a minute is nothing that we could have counted.
        private static let mostPackets: UInt64 = 1 << 32

        let reading: StreamReading
        /// `nil` when it has started anew meanwhile.
        let packets: Int?

        init?(_ before: StreamReading?, _ after: StreamReading?) {
            guard let after else { return nil }
            let (start, end) = (before?.packets ?? 0, after.packets)
            packets = end >= start && end - start < Self.mostPackets ? Int(end - start) : nil
            reading = after
        }
    }

    private static func fate(
        _ before: StreamReading?, _ during: StreamReading?, _ after: StreamReading?, elsewhere: [Arrival],
        isComplete: Bool
    ) -> StreamFate {
        guard let before else { return .unmeasured(.began) }
        guard let during, let after else { return .unmeasured(.ended) }
        let others = elsewhere.filter { $0.packets != 0 }
        guard ([during, after] + others.map(\.reading)).allSatisfy({ $0.ssrc == before.ssrc }),
            others.allSatisfy({ $0.packets != nil }), before.packets <= during.packets, during.packets <= after.packets
        else { return .unmeasured(.restarted) }
        let away = others.reduce(0) { $0 + ($1.packets ?? 0) }
        let first = Int(clamping: during.packets &- before.packets)
        let last = Int(clamping: after.packets &- during.packets)
        guard first + away + last > 0 else { return .unmeasured(.silent) }
        guard last > 0 else { return .unmeasured(.notBack) }
        // It may have gone to somebody who has not told.
        guard isComplete else { return .unmeasured(.unknown) }
        // The number of packets that came says how often the sequence number has wrapped.
        func lost(from start: StreamReading, to end: StreamReading, arrived: Int) -> Int {
            Int(Int16(truncatingIfNeeded: Int(end.sequenceNumber &- start.sequenceNumber) - arrived))
        }
        let total = lost(from: before, to: after, arrived: first + away + last)
        guard (0...maximumDropout).contains(total) else { return .unmeasured(.restarted) }
        var holes = [total]
        if others.count == 1, let there = others.first?.reading {
            holes = [
                lost(from: before, to: there, arrived: first + away), lost(from: there, to: after, arrived: last),
            ]
        }
        let sent = first + away + last + total
        let interval = Double(after.lastPacket &- before.lastPacket) / 1e6 / Double(max(1, sent))
        return .measured(
            sent: sent, elsewhere: away, lost: total, gap: Double(min(total, max(0, holes.max() ?? 0))) * interval)
    }

    /// Sums over the streams that could be measured.
    package var totals: (streams: Int, sent: Int, elsewhere: Int, lost: Int, longestGap: Double) {
        fates.values.reduce((0, 0, 0, 0, 0)) { sum, fate in
            guard case .measured(let sent, let elsewhere, let lost, let gap) = fate else { return sum }
            return (sum.0 + 1, sum.1 + sent, sum.2 + elsewhere, sum.3 + lost, max(sum.4, gap))
        }
    }

    /// How many streams could not be measured, by reason.
    package var unmeasured: [(reason: StreamFate.Reason, streams: Int)] {
        StreamFate.Reason.allCases.compactMap { reason in
            let count = fates.values.count { $0 == .unmeasured(reason) }
            return count > 0 ? (reason: reason, streams: count) : nil
        }
    }
}
