/// How well the RTP source of one stream is heard: from its packets, and from what the other end reports in RTCP.
public struct SourceQuality: Hashable, Sendable {
    /// The highest sequence number, with the number of wraps in the upper half.
    public var lastSequence: UInt32 = 0
    /// Of the last packet, in units of the codec's clock rate.
    public var lastTimestamp: UInt32 = 0
    /// Packets that did not reach us.
    public var lost: Int32 = 0
    /// Of the packets as they reach us, in units of the codec's clock rate (RFC 3550 §6.4.1).
    public var jitter: UInt32 = 0
    /// Packets that came twice.
    public var duplicates: UInt16 = 0
    /// Packets that came late.
    public var reordered: UInt16 = 0
    /// Holes in the sequence.
    public var gaps: UInt16 = 0
    /// How often the sequence has started anew.
    public var restarts: UInt16 = 0
    var summary = QualitySummary()

    /// Nothing is known.
    public init() {}

    /// How many samples there are: one for each RTCP report of the other end, or for every five seconds without any.
    public var samples: UInt32 { summary.samples }
    /// What the other end says it has not got, in packets; `nil` when it says nothing.
    public var reportedLoss: Int32? { summary.samples > 0 ? summary.reportedLoss : nil }
    /// The mean of the samples.
    public var average: QualitySample? { summary.average }
    /// The worst sample.
    public var lowest: QualitySample? { summary.lowest }
    /// The best sample.
    public var highest: QualitySample? { summary.highest }
}

extension StreamQuality.Faults {
    /// Adds what was not as it should be of another source, or of the same one at another port.
    static func += (sum: inout Self, other: SourceQuality) {
        sum.lost &+= other.lost
        sum.duplicates &+= other.duplicates
        sum.reordered &+= other.reordered
        sum.gaps &+= other.gaps
        sum.restarts &+= other.restarts
    }
}

extension SourceQuality {
    /// Adds what was not as it should be at other ports.
    mutating func add(_ faults: StreamQuality.Faults) {
        lost &+= faults.lost
        duplicates &+= faults.duplicates
        reordered &+= faults.reordered
        gaps &+= faults.gaps
        restarts &+= faults.restarts
    }
}

extension StreamCounters {
    /// The quality ready to be shown: with what the kernel has measured, and with one sample of a call too short to have
    /// any. `nil` before the first RTP packet.
    ///
    /// - Parameters:
    ///   - clockRate: of the source's codec in Hz; 0 while unknown.
    ///   - clock: wall and monotonic time now, in nanoseconds.
    func settledQuality(clockRate: UInt32, clock: (wall: UInt64, monotonic: UInt64)) -> SourceQuality? {
        guard quality != nil || reception != nil else { return nil }
        var quality = quality ?? SourceQuality()
        if let reception, reception.ssrc == ssrc {
            quality.lost &+= reception.lost
            quality.duplicates &+= reception.duplicates
            quality.reordered &+= reception.reordered
            quality.gaps &+= reception.gaps
            quality.restarts &+= reception.restarts
            quality.lastSequence = reception.highestSequence
            quality.lastTimestamp = reception.lastTimestamp
            quality.jitter = max(quality.jitter, reception.jitter)
        }
        if quality.summary.samples == 0, packets > 0 {
            let lost = UInt64(max(0, quality.lost))
            quality.summary.add(
                QualitySample(
                    roundTripTime: 0, legRoundTripTime: 0,
                    jitter: QualitySample.milliseconds(ofJitter: quality.jitter, clockRate: clockRate),
                    packetLoss: UInt8(min(100, lost * 100 / (packets + lost)))), at: clock.monotonic)
        }
        return quality
    }
}
