extension CallReport.Source {
    /// The sources of a stream, the current one first.
    ///
    /// - Parameters:
    ///   - history: as of the last look at the call.
    ///   - counters: as they are now, ready to be shown.
    ///   - clock: wall and monotonic time now, in nanoseconds.
    static func all(
        _ history: [SourceHistory], _ counters: StreamCounters, clock: (wall: UInt64, monotonic: UInt64)
    ) -> [Self] {
        if counters.ssrc == nil, history.isEmpty { return [] }
        let offset = UInt32(truncatingIfNeeded: clock.wall / 1_000_000_000 &- clock.monotonic / 1_000_000_000)
        var history = history
        if let ssrc = counters.ssrc, let summary = counters.quality?.summary, summary.samples > 0 {
            _ = history.note(summary, of: ssrc)
        }
        var sources: [Self] = []
        if let ssrc = counters.ssrc, !history.contains(where: { $0.ssrc == ssrc }) {
            sources.append(Self(ssrc: ssrc, quality: counters.quality, progression: [], isCurrent: true))
        }
        for entry in history.reversed() where !sources.contains(where: { $0.ssrc == entry.ssrc }) {
            let isCurrent = entry.ssrc == counters.ssrc
            var quality = isCurrent ? counters.quality ?? SourceQuality() : SourceQuality()
            // A source that comes back has an entry for each time.
            let entries = history.filter { $0.ssrc == entry.ssrc }
            quality.summary = entries.reduce(into: QualitySummary()) { $0.add($1.summary) }.dated(offset)
            let progression = entries.flatMap(\.progression).map { $0.dated(offset) }
            sources.append(
                Self(ssrc: entry.ssrc, quality: quality, progression: progression, isCurrent: isCurrent))
        }
        return sources
    }
}

extension QualitySample {
    /// With a time since the epoch in place of a monotonic one.
    fileprivate func dated(_ offset: UInt32) -> QualitySample {
        var sample = self
        sample.reportedAt &+= offset
        return sample
    }
}

extension QualitySummary {
    fileprivate func dated(_ offset: UInt32) -> QualitySummary {
        var summary = self
        (summary.lowest, summary.highest) = (lowest?.dated(offset), highest?.dated(offset))
        return summary
    }
}
