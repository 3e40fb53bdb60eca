/// How well the calls that are over were heard, all together.
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
}
