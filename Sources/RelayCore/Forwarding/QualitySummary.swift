/// All samples of one source, added up.
package struct QualitySummary: Hashable, Sendable, BitwiseCopyable {
    /// Samples that are added up, one each five seconds for a year and a half; an end that floods us with reports gets there
    /// sooner. The sums of all times that one source was heard (`SourceHistory.mostSources`) fit their fields.
    package static let mostSamples: UInt32 = 10_000_000

    package var samples: UInt32 = 0
    /// How many of them the listening end has reported.
    package var reports: UInt32 = 0
    /// What the listening end says it has lost; 0 while it says nothing.
    package var reportedLoss: Int32 = 0
    package var mosSum: UInt32 = 0
    package var lossSum: UInt32 = 0
    package var jitterSum: UInt64 = 0
    package var roundTripSum: UInt64 = 0
    package var legRoundTripSum: UInt64 = 0
    /// How many samples knew a round trip.
    package var roundTrips: UInt32 = 0
    /// `reportedAt` is in monotonic seconds here, as in those that follow.
    package var lowest: QualitySample?
    package var highest: QualitySample?
    /// The last one.
    package var latest: QualitySample?

    package init() {}

    /// Adds a sample, as long as there are not too many (`mostSamples`).
    ///
    /// - Parameter now: monotonic nanoseconds.
    package mutating func add(_ sample: QualitySample, at now: UInt64) {
        guard samples < Self.mostSamples else { return }
        var sample = sample
        sample.reportedAt = UInt32(truncatingIfNeeded: now / 1_000_000_000)
        latest = sample
        samples &+= 1
        mosSum &+= UInt32(sample.mos)
        lossSum &+= UInt32(sample.packetLoss)
        jitterSum &+= UInt64(sample.jitter)
        if sample.roundTripTime > 0 {
            roundTrips &+= 1
            roundTripSum &+= UInt64(sample.roundTripTime)
            legRoundTripSum &+= UInt64(sample.legRoundTripTime)
        }
        if sample.mos < lowest?.mos ?? .max { lowest = sample }
        if sample.mos > highest?.mos ?? 0 { highest = sample }
    }

    /// Adds the samples of another time in which the same source was heard.
    package mutating func add(_ other: QualitySummary) {
        samples &+= other.samples
        reports &+= other.reports
        reportedLoss &+= other.reportedLoss
        mosSum &+= other.mosSum
        lossSum &+= other.lossSum
        jitterSum &+= other.jitterSum
        roundTripSum &+= other.roundTripSum
        legRoundTripSum &+= other.legRoundTripSum
        roundTrips &+= other.roundTrips
        if let sample = other.lowest, sample.mos < lowest?.mos ?? .max { lowest = sample }
        if let sample = other.highest, sample.mos > highest?.mos ?? 0 { highest = sample }
        latest = other.latest ?? latest
    }

    /// The sums of the samples that came after an earlier look at the same source.
    package func since(_ earlier: QualitySummary) -> QualitySummary {
        var news = self
        news.samples &-= earlier.samples
        news.reports &-= earlier.reports
        news.mosSum &-= earlier.mosSum
        news.lossSum &-= earlier.lossSum
        news.jitterSum &-= earlier.jitterSum
        news.roundTripSum &-= earlier.roundTripSum
        news.legRoundTripSum &-= earlier.legRoundTripSum
        news.roundTrips &-= earlier.roundTrips
        return news
    }

    /// The mean of all samples; `nil` without any.
    package var average: QualitySample? {
        guard samples > 0 else { return nil }
        let trips = UInt64(max(1, roundTrips))
        return QualitySample(
            mos: UInt8(truncatingIfNeeded: (UInt64(mosSum) + UInt64(samples / 2)) / UInt64(samples)),
            roundTripTime: UInt32(truncatingIfNeeded: roundTripSum / trips),
            legRoundTripTime: UInt32(truncatingIfNeeded: legRoundTripSum / trips),
            jitter: UInt16(truncatingIfNeeded: jitterSum / UInt64(samples)),
            packetLoss: UInt8(truncatingIfNeeded: lossSum / samples))
    }
}
