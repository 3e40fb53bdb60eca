import RelayBenchKit
import Testing

@Suite struct LatencyHistogramTests {
    @Test("nothing recorded has no quantiles")
    func empty() {
        let histogram = LatencyHistogram()
        #expect(histogram.count == 0)
        #expect(histogram.quantile(0.5) == 0)
        #expect(histogram.maximum == 0)
    }

    @Test("values below 64 ns are exact", arguments: [0, 1, 31, 63] as [UInt64])
    func small(_ value: UInt64) {
        var histogram = LatencyHistogram()
        histogram.record(value)
        #expect(histogram.quantile(0.5) == value)
        #expect(histogram.quantile(1) == value)
    }

    @Test(
        "every value is reported to 1.6 %",
        arguments: [64, 65, 127, 128, 999, 4096, 123_456, 1_000_000, 987_654_321, 60_000_000_000] as [UInt64])
    func precision(_ value: UInt64) {
        var histogram = LatencyHistogram()
        histogram.record(value)
        histogram.record(value * 1000)  // so that the maximum does not lend its exactness
        let reported = Double(histogram.quantile(0.5))
        #expect(abs(reported - Double(value)) <= 0.016 * Double(value))
    }

    @Test("a larger value never counts as a smaller one")
    func monotonic() {
        var previous: UInt64 = 0
        for value in stride(from: UInt64(1), to: 2_000_000, by: 977) {
            var histogram = LatencyHistogram()
            histogram.record(value)
            histogram.record(.max)
            #expect(histogram.quantile(0.5) >= previous)
            previous = histogram.quantile(0.5)
        }
    }

    @Test("quantiles of 1...1000 µs lie where they belong")
    func quantiles() {
        var histogram = LatencyHistogram()
        for microseconds in 1...1000 { histogram.record(UInt64(microseconds) * 1000) }
        for (share, expected) in [(0.5, 500_000.0), (0.99, 990_000), (0.999, 999_000)] {
            #expect(abs(Double(histogram.quantile(share)) - expected) <= 0.016 * expected)
        }
        #expect(histogram.quantile(1) == 1_000_000)
        #expect(histogram.quantile(0) == histogram.quantile(0.001))
    }

    @Test("what is out of range counts as the longest, and its exact value is the maximum")
    func outOfRange() {
        var histogram = LatencyHistogram()
        histogram.record(.max)
        #expect(histogram.count == 1)
        #expect(histogram.maximum == .max)
        #expect(histogram.quantile(0.5) > 60_000_000_000)
    }

    @Test("merging is recording both")
    func merge() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in stride(from: UInt64(3), to: 100_000, by: 37) {
            if value.isMultiple(of: 2) { left.record(value) } else { right.record(value) }
            both.record(value)
        }
        left.merge(right)
        #expect(left == both)
    }
}
