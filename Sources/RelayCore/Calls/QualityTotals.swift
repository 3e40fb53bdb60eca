/// How well calls were heard, all together: scores as they come, packets of calls that are over.
public struct QualityTotals: Hashable, Sendable {
    /// Samples of one figure.
    public struct Samples: Hashable, Sendable {
        /// How many.
        public var count: UInt64 = 0
        /// Their sum.
        public var sum = 0.0
        /// The sum of their squares.
        public var squares = 0.0

        /// None yet.
        public init() {}

        /// Adds as many samples as there are, of which only the mean is known.
        public mutating func add(mean: Double, count: UInt64) {
            self.count += count
            sum += mean * Double(count)
            squares += mean * mean * Double(count)
        }
    }

    /// Mean opinion score, 1 to 5.
    public var mos = Samples()
    /// Reported by the ends, in milliseconds.
    public var jitter = Samples()
    /// Between the ends, in microseconds.
    public var roundTrip = Samples()
    /// Between us and an end, in microseconds.
    public var legRoundTrip = Samples()
    /// In percent.
    public var packetLoss = Samples()
    /// Measured by us, in milliseconds.
    public var measuredJitter = Samples()
    /// Packets that did not reach us.
    public var lost: UInt64 = 0
    /// Packets that came twice.
    public var duplicates: UInt64 = 0
    /// Holes in the sequence of packets.
    public var gaps: UInt64 = 0
    /// How often a sequence has started anew.
    public var restarts: UInt64 = 0
    /// Packets that came late.
    public var reordered: UInt64 = 0

    /// Nothing yet.
    public init() {}

    /// Adds what is known of the packets of a source whose call is over.
    mutating func add(_ source: SourceQuality, clockRate: UInt32) {
        lost += UInt64(max(0, source.lost))
        duplicates += UInt64(source.duplicates)
        gaps += UInt64(source.gaps)
        restarts += UInt64(source.restarts)
        reordered += UInt64(source.reordered)
        if clockRate > 0 { measuredJitter.add(mean: Double(source.jitter) * 1000 / Double(clockRate), count: 1) }
    }

    /// Adds samples of one source.
    mutating func add(_ summary: QualitySummary) {
        let samples = UInt64(summary.samples)
        guard samples > 0 else { return }
        mos.add(mean: Double(summary.mosSum) / Double(samples) / 10, count: samples)
        packetLoss.add(mean: Double(summary.lossSum) / Double(samples), count: samples)
        if summary.reports > 0 { jitter.add(mean: Double(summary.jitterSum) / Double(samples), count: samples) }
        let trips = UInt64(summary.roundTrips)
        guard trips > 0 else { return }
        roundTrip.add(mean: Double(summary.roundTripSum) / Double(trips), count: trips)
        legRoundTrip.add(mean: Double(summary.legRoundTripSum) / Double(trips), count: trips)
    }
}
