internal import CRelayKernel
internal import RelayCore

/// What the media threads have to know so that sources in the kernel are measured as others are.
extension FlowBook {
    /// Between two samples of a stream, as in user space; in nanoseconds.
    private static let sampleInterval: UInt64 = 5_000_000_000

    /// What the program has counted of those streams whose time has come.
    mutating func observations(_ range: Range<Int>, at now: UInt64) -> [StreamChange] {
        var changes: [StreamChange] = []
        for index in range.clamped(to: 0..<streams.count) {
            guard let stream = streams[index], stream.flow != nil, stream.entry.component == .rtp else { continue }
            let due = (stream.observed == 0 ? stream.changed : stream.observed) &+ Self.sampleInterval
            guard now >= due else { continue }
            // By the plan, not by when we look; but not what was missed.
            change(stream.slot) { $0.observed = now &- due < Self.sampleInterval ? due : now }
            if let change = observation(of: stream, at: now) { changes.append(change) }
        }
        return changes
    }

    /// What RTCP that the program has forwarded means for the stream that it came to.
    mutating func changes(for report: KernelReport, at slot: SlotID) -> [StreamChange] {
        guard let stream = self[slot] else { return [] }
        var changes: [StreamChange] = []
        let far = stream.entry.rtpSink.flatMap { self[$0] }
        let near = far?.entry.rtpSink.flatMap { self[$0] }
        // It is about sources, some of which only the kernel has heard.
        for source in [far, near].compactMap(\.self) {
            guard let cell = source.cell, cells.read(cell).hasSource, cells.read(cell).ssrc != source.observedSource,
                let change = observation(of: source, at: report.time)
            else { continue }
            changes.append(change)
        }
        return changes + [.reported(slot, report.digest, at: report.time)]
    }

    private mutating func observation(of stream: KernelStream, at now: UInt64) -> StreamChange? {
        guard let cell = stream.cell else { return nil }
        let counted = cells.read(cell)
        guard counted.hasSource else { return nil }
        change(stream.slot) { $0.observedSource = counted.ssrc }
        return .observed(stream.slot, RTPReception(counted), at: now)
    }
}
