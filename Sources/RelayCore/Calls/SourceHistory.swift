/// How one source of a stream was heard in the course of the call, so that little of it is needed to tell a long call's
/// story, and sources that have been replaced are not forgotten.
package struct SourceHistory: Hashable, Sendable {
    /// Sources that are kept for one stream; when there are more, the oldest goes.
    package static let mostSources = 4
    /// Samples that are kept; one more, and every other one goes. A client shows about ten.
    static let mostSamples = 16

    /// The source (RFC 3550 §5.1).
    package let ssrc: UInt32
    /// All samples until the last look, added up.
    package private(set) var summary = QualitySummary()
    /// Some of them, about as far apart as the first two; times are monotonic seconds.
    package private(set) var progression: [QualitySample] = []
    /// Samples that come sooner after the last one in the progression are not kept, in seconds.
    private var spacing: UInt32 = 0

    package init(ssrc: UInt32) { self.ssrc = ssrc }

    /// Takes note of how things are now; returns what is new.
    mutating func note(_ now: QualitySummary) -> QualitySummary {
        let news = now.since(summary)
        summary = now
        if news.samples > 0, let sample = now.latest { keep(sample) }
        return news
    }

    private mutating func keep(_ sample: QualitySample) {
        // What the kernel has seen may be told later than what came after it.
        if let last = progression.last, sample.reportedAt < last.reportedAt &+ spacing { return }
        progression.append(sample)
        guard progression.count > Self.mostSamples else { return }
        progression = progression.indices.filter { $0.isMultiple(of: 2) }.map { progression[$0] }
        // Reports do not come on the second.
        let distance = progression[1].reportedAt &- progression[0].reportedAt
        spacing = distance - distance / 4
    }
}

extension [SourceHistory] {
    /// Takes note of how the stream's source is heard now; returns what is new.
    package mutating func note(_ summary: QualitySummary, of ssrc: UInt32) -> QualitySummary {
        // Fewer samples than before: the source was away, and what it had before is in an entry of its own.
        if last?.ssrc != ssrc || summary.samples < last?.summary.samples ?? 0 {
            if count == SourceHistory.mostSources { removeFirst() }
            append(SourceHistory(ssrc: ssrc))
        }
        return self[count - 1].note(summary)
    }
}
