/// How one source was heard at one moment, or on average.
public struct QualitySample: Hashable, Sendable, BitwiseCopyable {
    /// Between the two ends, in microseconds; 0 when unknown.
    public var roundTripTime: UInt32 = 0
    /// Between us and the end that listens, in microseconds; 0 when unknown.
    public var legRoundTripTime: UInt32 = 0
    /// Seconds since the epoch; 0 for an average.
    public var reportedAt: UInt32 = 0
    /// In milliseconds.
    public var jitter: UInt16
    /// Mean opinion score times ten: 10 is unusable, 44 the best that G.711 gets.
    public var mos: UInt8
    /// In percent.
    public var packetLoss: UInt8

    /// Rates what was measured.
    ///
    /// - Parameters:
    ///   - roundTripTime: in microseconds; 0 when unknown, which is rated as no delay.
    ///   - jitter: in milliseconds.
    ///   - packetLoss: in percent.
    ///   - ratesDelay: conversational quality (CQ), to which delay matters; false for listening quality (LQ).
    public init(
        roundTripTime: UInt32, legRoundTripTime: UInt32, jitter: UInt16, packetLoss: UInt8, ratesDelay: Bool = true
    ) {
        (self.roundTripTime, self.legRoundTripTime) = (roundTripTime, legRoundTripTime)
        (self.jitter, self.packetLoss) = (jitter, packetLoss)
        mos = Self.meanOpinionScore(ratesDelay ? roundTripTime : 0, jitter, packetLoss)
    }

    /// All values as they are.
    init(mos: UInt8, roundTripTime: UInt32, legRoundTripTime: UInt32, jitter: UInt16, packetLoss: UInt8) {
        (self.mos, self.roundTripTime, self.legRoundTripTime) = (mos, roundTripTime, legRoundTripTime)
        (self.jitter, self.packetLoss) = (jitter, packetLoss)
    }

    /// What RTCP and our own measurement say in units of the codec's clock, in milliseconds, at most a minute of them.
    ///
    /// - Parameter clockRate: in Hz; 0 while unknown, which is taken for that of telephony (RFC 3551 §6).
    static func milliseconds(ofJitter jitter: UInt32, clockRate: UInt32) -> UInt16 {
        UInt16(truncatingIfNeeded: min(60_000, UInt64(jitter) * 1000 / UInt64(clockRate == 0 ? 8000 : clockRate)))
    }

    /// The E-model (ITU-T G.107) in the usual simplification: delay, twice the jitter and 10 ms for the codec reduce the
    /// transmission rating, above 160 ms ten times as much; so do 2.5 for each percent of loss.
    private static func meanOpinionScore(_ roundTripTime: UInt32, _ jitter: UInt16, _ packetLoss: UInt8) -> UInt8 {
        let delay = Double(roundTripTime) / 1000 + 2 * Double(jitter) + 10
        let rating = 93.2 - (delay < 160 ? delay / 40 : (delay - 120) / 10) - 2.5 * Double(packetLoss)
        guard rating > 0 else { return 10 }
        let score = 1 + 0.035 * rating + 0.000_007 * rating * (rating - 60) * (100 - rating)
        return UInt8(max(10, min(50, score * 10)))
    }
}
