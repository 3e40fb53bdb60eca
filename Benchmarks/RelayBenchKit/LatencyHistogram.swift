/// Counts durations in buckets whose width grows with the value, so that every quantile is right to 1.6 %.
///
/// Values below 64 ns have a bucket each; above, every power of two is cut into 64 buckets. The range ends at
/// 2^36 ns (69 s); what is longer counts as that. About 16 KB, whatever is recorded.
package struct LatencyHistogram: Equatable, Sendable {
    private static let stepBits = 6
    private static let steps = 1 << stepBits
    private static let rangeBits = 36
    private static let bucketCount = (rangeBits - stepBits + 1) * steps

    private var buckets = [UInt64](repeating: 0, count: bucketCount)
    /// How many durations were recorded.
    package private(set) var count: UInt64 = 0
    /// The longest duration recorded, exactly; nanoseconds.
    package private(set) var maximum: UInt64 = 0

    package init() {}

    /// Counts one duration in nanoseconds.
    package mutating func record(_ nanoseconds: UInt64) {
        buckets[Self.bucket(of: nanoseconds)] &+= 1
        count &+= 1
        maximum = max(maximum, nanoseconds)
    }

    /// Adds everything that another histogram has counted.
    package mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        count &+= other.count
        maximum = max(maximum, other.maximum)
    }

    /// The duration that the given share (0...1) of all durations does not exceed; nanoseconds, 0 if there are none.
    package func quantile(_ share: Double) -> UInt64 {
        let rank = max(1, UInt64((min(max(share, 0), 1) * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for index in buckets.indices {
            seen &+= buckets[index]
            if seen >= rank { return min(Self.middle(of: index), maximum) }
        }
        return maximum
    }

    private static func bucket(of value: UInt64) -> Int {
        let value = min(value, 1 << rangeBits - 1)
        guard value >= steps else { return Int(value) }
        let octave = UInt64.bitWidth - 1 - value.leadingZeroBitCount - stepBits
        return (octave + 1) * steps + Int(value >> octave) - steps
    }

    private static func middle(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * steps else { return UInt64(bucket) }
        let octave = bucket / steps - 1
        let lowest = UInt64(bucket % steps + steps) << octave
        return lowest + (1 << octave) / 2
    }
}
