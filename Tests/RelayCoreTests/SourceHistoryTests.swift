import RelayCore
import Testing

@Suite("What is kept of how a source was heard in the course of a call")
struct SourceHistoryTests {
    private static let second: UInt64 = 1_000_000_000

    /// A summary that has got one more sample.
    private static func add(_ summary: inout QualitySummary, loss: UInt8, at second: Int) {
        summary.add(
            QualitySample(roundTripTime: 0, legRoundTripTime: 0, jitter: 0, packetLoss: loss),
            at: UInt64(second) * Self.second)
    }

    @Test("A long call keeps a few samples, from its first to its last minute, about as far apart")
    func longCall() throws {
        var (history, summary): ([SourceHistory], _) = ([], QualitySummary())
        for number in 0..<720 {
            Self.add(&summary, loss: UInt8(number / 100), at: 5 * number)
            #expect(history.note(summary, of: 7).samples == 1)
            #expect(history[0].progression.count <= 16)
        }
        let kept = try #require(history.first).progression
        #expect(history.count == 1)
        #expect(kept.count >= 8)
        #expect(kept[0].reportedAt == 0)
        #expect(try #require(kept.last).reportedAt >= 3300)
        let gaps = zip(kept.dropFirst(), kept).map { $0.reportedAt - $1.reportedAt }
        #expect(try #require(gaps.max()) <= 2 * (try #require(gaps.min())))
        #expect(history[0].summary.samples == 720)
    }

    @Test("Between two looks, what is new is told once")
    func news() {
        var (history, summary): ([SourceHistory], _) = ([], QualitySummary())
        for number in 0..<3 { Self.add(&summary, loss: 10, at: number) }
        #expect(history.note(summary, of: 7).lossSum == 30)
        #expect(history.note(summary, of: 7).samples == 0)
        Self.add(&summary, loss: 20, at: 4)
        let news = history.note(summary, of: 7)
        #expect(news.samples == 1)
        #expect(news.lossSum == 20)
    }

    @Test("Sources that are replaced are kept, those that come back count on; of many, the last ones are kept")
    func replaced() {
        var (history, first, second): ([SourceHistory], _, _) = ([], QualitySummary(), QualitySummary())
        Self.add(&first, loss: 1, at: 1)
        Self.add(&first, loss: 1, at: 6)
        _ = history.note(first, of: 7)
        Self.add(&second, loss: 2, at: 11)
        _ = history.note(second, of: 8)
        #expect(history.map(\.ssrc) == [7, 8])
        #expect(history[0].summary.samples == 2)
        var again = QualitySummary()
        Self.add(&again, loss: 3, at: 16)
        #expect(history.note(again, of: 7).samples == 1)
        #expect(history.map(\.ssrc) == [7, 8, 7])
        for ssrc in 100..<200 as Range<UInt32> { _ = history.note(again, of: ssrc) }
        #expect(history.map(\.ssrc) == [196, 197, 198, 199])
    }

    @Test("A source whose number comes back without a look between begins anew")
    func sameNumber() {
        var (history, summary): ([SourceHistory], _) = ([], QualitySummary())
        for number in 0..<3 { Self.add(&summary, loss: 10, at: number) }
        _ = history.note(summary, of: 7)
        var anew = QualitySummary()
        Self.add(&anew, loss: 20, at: 9)
        #expect(history.note(anew, of: 7).lossSum == 20)
        #expect(history.count == 2)
    }

    @Test("Samples that are told late do not come into the progression")
    func late() {
        var (history, summary): ([SourceHistory], _) = ([], QualitySummary())
        for second in (0...40).reversed() {
            Self.add(&summary, loss: 1, at: second)
            #expect(history.note(summary, of: 7).samples == 1)
        }
        #expect(history[0].progression.map(\.reportedAt) == [40])
        #expect(history[0].summary.samples == 41)
    }

    @Test("However many samples a source gets, also in several times, they have a mean")
    func flood() throws {
        var summary = QualitySummary()
        let most = QualitySummary.mostSamples
        Self.add(&summary, loss: 0, at: 0)
        let best = try #require(summary.latest).mos
        (summary.samples, summary.mosSum, summary.lossSum) = (most - 1, (most - 1) * UInt32(best), (most - 1) * 100)
        for _ in 0..<3 { Self.add(&summary, loss: 0, at: 1) }
        #expect(summary.samples == most)
        #expect(summary.average?.mos == best)
        #expect(summary.average?.packetLoss == 99)
        let all = (0..<SourceHistory.mostSources).reduce(into: QualitySummary()) { sum, _ in sum.add(summary) }
        #expect(all.average == summary.average)
        (summary.samples, summary.mosSum) = (.max, .max)
        #expect(summary.average?.mos == 1)
    }
}
