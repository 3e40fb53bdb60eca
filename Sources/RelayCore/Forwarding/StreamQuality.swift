/// Measures one RTP source as its packets and the RTCP about it pass by (RFC 3550 §6.4.1, appendix A).
///
/// A value without clock or memory of its own: a media thread keeps one in each stream's slot. Every five seconds make one
/// sample, by what the listening end reports, and where it reports nothing by the RTP as it comes in.
package struct StreamQuality: Sendable, BitwiseCopyable {
    /// What was not as it should be since the source was first heard.
    package struct Faults: Hashable, Sendable, BitwiseCopyable {
        /// Sequence numbers that never came; late ones are taken off again.
        package var lost: Int32 = 0
        package var duplicates: UInt16 = 0
        package var reordered: UInt16 = 0
        /// Holes in the sequence, however wide.
        package var gaps: UInt16 = 0
        /// Jumps that cannot be losses: the source has started anew.
        package var restarts: UInt16 = 0

        package init() {}
    }

    /// RFC 3550 §A.1: a jump this far is no loss.
    private static let maximumDropout = 3000
    /// A silence this long may be the source's, or packets that others have forwarded: no loss either way. Nanoseconds.
    private static let silence: UInt64 = 2_000_000_000
    /// Between two samples of the RTP itself, and how long a report of the other end keeps them away. Nanoseconds.
    private static let interval: UInt64 = 5_000_000_000
    /// A longer round trip is a mistake, in microseconds.
    private static let maximumRoundTrip: UInt32 = 30_000_000

    package private(set) var ssrc: UInt32 = 0
    package private(set) var isKnown = false
    private var lastPayloadType: UInt8 = 0
    /// With the number of wraps in the upper half.
    package private(set) var highestSequence: UInt32 = 0
    /// Bit *n* is set when the packet *n* before the highest has come.
    private var seen = UInt64.max
    /// What would continue a jump: two packets in sequence are a restart.
    private var afterJump: UInt16?
    package private(set) var lastTimestamp: UInt32 = 0
    private var lastArrival: UInt64 = 0
    /// In units of the clock rate, times 16.
    private var scaledJitter: UInt32 = 0
    package private(set) var faults = Faults()
    private var received: UInt32 = 0
    /// Another plane (the kernel's) has had the source's packets since the last one here: a jump is no loss.
    private var isElsewhere = false
    /// What another plane has counted, as of its last word, and what it has lost in all.
    private var elsewhere: (received: UInt32, lost: Int32) = (0, 0)
    private var lostElsewhere: Int32 = 0

    private var intervalStart: UInt64 = 0
    private var receivedBefore: UInt32 = 0
    private var lostBefore: Int32 = 0
    private var lastReport: UInt64 = 0
    /// The source's last two sender reports: the middle of their NTP time, and when they passed. The other end may not have
    /// got the last one when it reports.
    private var senderReports: (last: SenderReport, before: SenderReport) = (SenderReport(), SenderReport())
    /// Between us and this source, in microseconds; 0 while unknown.
    package private(set) var legRoundTripTime: UInt32 = 0
    /// What an extended report has said of the way to the other end and back, in microseconds; 0 while it says nothing.
    private var reportedRoundTripTime: UInt32 = 0
    package private(set) var summary = QualitySummary()
    /// Samples are of conversational quality, to which delay matters; else of listening quality.
    package var ratesDelay = true

    package init() {}

    /// In units of the clock rate.
    package var jitter: UInt32 { scaledJitter >> 4 }

    private struct SenderReport: BitwiseCopyable {
        var time: UInt32 = 0
        /// Monotonic nanoseconds.
        var passed: UInt64 = 0
    }

    // MARK: RTP

    /// Takes note of a packet from the source; true when `summary` has changed: a new sample, or a new source.
    ///
    /// - Parameters:
    ///   - clockRate: of the codec in Hz; 0 while unknown, then there is no jitter.
    ///   - now: monotonic nanoseconds.
    /// - Complexity: O(1). Allocates nothing.
    package mutating func received(_ packet: RTPFields, clockRate: UInt32, at now: UInt64) -> Bool {
        guard isKnown, packet.ssrc == ssrc else {
            let hadSamples = summary.samples > 0
            start(packet, at: now)
            return hadSamples
        }
        let step = Int(Int16(bitPattern: packet.sequenceNumber &- UInt16(truncatingIfNeeded: highestSequence)))
        received &+= 1
        if step == 1 {  // nearly always
            highestSequence &+= 1
            seen = seen << 1 | 1
        } else if !place(packet.sequenceNumber, step, at: now) {
            return false
        }
        measureJitter(packet, clockRate, at: now)
        (lastArrival, isElsewhere) = (now, false)
        return now >= intervalStart &+ Self.interval && endInterval(clockRate, at: now)
    }

    private mutating func start(_ packet: RTPFields, at now: UInt64) {
        let (leg, ratesDelay) = (legRoundTripTime, ratesDelay)
        self = StreamQuality()
        self.ratesDelay = ratesDelay
        (ssrc, isKnown, legRoundTripTime) = (packet.ssrc, true, leg)
        restart(packet.sequenceNumber)
        (lastTimestamp, lastPayloadType, lastArrival, received) = (packet.timestamp, packet.payloadType, now, 1)
        intervalStart = now
    }

    private mutating func restart(_ sequenceNumber: UInt16) {
        highestSequence = highestSequence & 0xFFFF_0000 | UInt32(sequenceNumber)
        (seen, afterJump) = (.max, nil)
    }

    /// Puts a packet into its place that is not the next; false when it has none.
    private mutating func place(_ sequenceNumber: UInt16, _ step: Int, at now: UInt64) -> Bool {
        if step > 1, isElsewhere || now &- lastArrival >= Self.silence {
            restart(sequenceNumber)
            return true
        }
        switch step {
        case 1..<Self.maximumDropout:
            faults.lost &+= Int32(truncatingIfNeeded: step - 1)
            faults.gaps &+= 1
            highestSequence &+= UInt32(truncatingIfNeeded: step)
            seen = step < 64 ? seen << UInt64(step) | 1 : 1
            afterJump = nil
        case -63...0:
            let bit: UInt64 = 1 << UInt64(-step)
            if seen & bit != 0 {
                faults.duplicates &+= 1
            } else {
                seen |= bit
                faults.lost &-= 1
                faults.reordered &+= 1
            }
            return false
        default:
            guard sequenceNumber == afterJump else {
                afterJump = sequenceNumber &+ 1
                return false
            }
            restart(sequenceNumber)
            faults.restarts &+= 1
        }
        return true
    }

    /// RFC 3550 §A.8. Packets of one video frame, and those of one DTMF event, share a timestamp and say nothing.
    private mutating func measureJitter(_ packet: RTPFields, _ clockRate: UInt32, at now: UInt64) {
        defer { (lastTimestamp, lastPayloadType) = (packet.timestamp, packet.payloadType) }
        guard clockRate > 0, packet.timestamp != lastTimestamp, packet.payloadType == lastPayloadType,
            now &- lastArrival < Self.silence
        else { return }
        let elapsed = (now &- lastArrival) / 1000 &* UInt64(clockRate) / 1_000_000
        let advance = Int64(Int32(bitPattern: packet.timestamp &- lastTimestamp))
        let difference = min(abs(Int64(truncatingIfNeeded: elapsed) - advance), Int64(clockRate))
        let next = Int64(scaledJitter) + difference - (Int64(scaledJitter) + 8) >> 4
        scaledJitter = UInt32(truncatingIfNeeded: max(0, next))
    }

    /// Makes a sample of what has come in, unless the other end reports.
    private mutating func endInterval(_ clockRate: UInt32, at now: UInt64) -> Bool {
        let lost = max(0, lostInAll &- lostBefore)
        let expected = UInt64(received &- receivedBefore) + UInt64(lost)
        (intervalStart, receivedBefore, lostBefore) = (now, received, lostInAll)
        guard lastReport == 0 || now > lastReport &+ 3 * Self.interval, expected > 0 else { return false }
        summary.add(
            QualitySample(
                roundTripTime: legRoundTripTime, legRoundTripTime: 0,
                jitter: QualitySample.milliseconds(ofJitter: jitter, clockRate: clockRate),
                packetLoss: UInt8(truncatingIfNeeded: min(100, UInt64(lost) * 100 / expected)),
                ratesDelay: ratesDelay), at: now)
        return true
    }

    // MARK: RTP that another plane forwards

    private var lostInAll: Int32 { faults.lost &+ lostElsewhere }

    /// The source's packets go another way from now on, or come here again.
    package mutating func turned() { isElsewhere = true }

    /// Takes note of what another plane has counted of the source so far, about every five seconds; true when
    /// `summary` has changed. What it has lost counts for the samples alone: whoever shows the rest adds it up.
    package mutating func observed(_ reception: RTPReception, clockRate: UInt32, at now: UInt64) -> Bool {
        let lost = reception.lost
        scaledJitter = reception.jitter << 4
        guard isKnown, reception.ssrc == ssrc else {
            let (leg, ratesDelay, jitter) = (legRoundTripTime, ratesDelay, scaledJitter)
            let hadSamples = summary.samples > 0
            self = StreamQuality()
            (self.ratesDelay, ssrc, isKnown, legRoundTripTime) = (ratesDelay, reception.ssrc, true, leg)
            restart(UInt16(truncatingIfNeeded: reception.highestSequence))
            (lastTimestamp, scaledJitter) = (reception.lastTimestamp, jitter)
            (elsewhere, intervalStart, isElsewhere) = ((reception.received, lost), now, true)
            return hadSamples
        }
        // It begins anew when the source comes back after another.
        let before = reception.received < elsewhere.received ? (received: 0, lost: 0) : elsewhere
        received &+= reception.received &- before.received
        lostElsewhere &+= lost &- before.lost
        (elsewhere, isElsewhere) = ((reception.received, lost), true)
        // Its clock ticks in other moments than packets arrive.
        return now >= intervalStart &+ Self.interval - Self.interval / 5 && endInterval(clockRate, at: now)
    }

    // MARK: RTCP

    /// The source's own sender report passes by.
    package mutating func sent(_ report: (ssrc: UInt32, time: UInt32), at now: UInt64) {
        guard report.ssrc == ssrc else { return }
        senderReports = (SenderReport(time: report.time, passed: now), senderReports.last)
    }

    /// An end that listens reports how it hears this source; true when it was about this one.
    ///
    /// - Parameter farLeg: round trip between us and this source, as its own reports about the other end say.
    package mutating func reported(
        _ block: RTCPDigest.ReportBlock, clockRate: UInt32, farLeg: UInt32, at now: UInt64
    ) -> UInt32? {
        guard isKnown, block.ssrc == ssrc else { return nil }
        let leg = legRoundTrip(block, at: now)
        lastReport = now
        summary.reportedLoss = block.cumulativeLost
        summary.reports &+= 1
        summary.add(
            QualitySample(
                roundTripTime: leg == 0 ? reportedRoundTripTime : leg &+ farLeg, legRoundTripTime: leg,
                jitter: QualitySample.milliseconds(ofJitter: block.jitter, clockRate: clockRate),
                packetLoss: UInt8(UInt32(block.fractionLost) * 100 / 256), ratesDelay: ratesDelay), at: now)
        return leg
    }

    /// RFC 3550 §6.4.1: since our copy of the report that the listener has named, less the time that it has kept it. 0 when
    /// there is no such report.
    private func legRoundTrip(_ block: RTCPDigest.ReportBlock, at now: UInt64) -> UInt32 {
        guard block.lastSenderReport != 0 else { return 0 }
        let (last, before) = senderReports
        let named = block.lastSenderReport == last.time ? last : before
        guard block.lastSenderReport == named.time else { return 0 }
        let elapsed = (now &- named.passed) / 1000
        let delay = UInt64(block.delaySinceLastSenderReport) * 1_000_000 / 65_536
        guard elapsed >= delay, elapsed - delay < UInt64(Self.maximumRoundTrip) else { return 0 }
        return UInt32(elapsed - delay)
    }

    /// An end that listens says in an extended report (RFC 3611 §4.7) how far away this source is from it.
    package mutating func reported(_ metrics: RTCPDigest.VoIPMetrics) {
        guard isKnown, metrics.ssrc == ssrc else { return }
        let delay = UInt32(metrics.roundTripDelay) * 1000
        if delay < Self.maximumRoundTrip { reportedRoundTripTime = delay }
    }

    /// The other end of the call has been found to be this far away from us.
    package mutating func learned(legRoundTripTime: UInt32) {
        if legRoundTripTime > 0 { self.legRoundTripTime = legRoundTripTime }
    }
}
