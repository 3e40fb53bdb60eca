internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGValue {
    /// A number that is never negative; what does not fit is shown as the greatest that does.
    fileprivate static func count(_ value: some BinaryInteger) -> NGValue { .integer(Int64(clamping: value)) }
}

extension NGDictionary {
    private typealias Word = CallReportWord

    /// A call as `query` and `delete` show it, without `result`.
    ///
    /// - Parameter tag: show only this side and the ones it hears.
    init(_ report: CallReport, onlyTag tag: ByteString? = nil) {
        self.init()
        append(Word.created, .count(report.created / 1_000_000))
        append(Word.createdMicroseconds, .count(report.created % 1_000_000))
        append(Word.createdStamp, .count(report.created))
        append(Word.lastSignal, .count(report.lastSignal))
        append(Word.lastRedisUpdate, 0)
        append(Word.metadata, ifPresent: report.metadata.map { .string($0) })
        append(Word.ssrc, .dictionary(Self.sources(report)))
        var tags = NGDictionary()
        for (number, side) in report.sides.enumerated() {
            guard tag == nil || side.tag == tag || side.peers.contains(where: { $0 == tag }) else { continue }
            let name = side.tag ?? ByteString("<untagged \(number)>")
            let heard = report.sides.first { $0.tag != nil && side.peers.contains($0.tag ?? "") }
            tags.append(name, .dictionary(Self.side(side, hearing: heard)))
        }
        append(Word.tags, .dictionary(tags))
        let totals = report.totals
        append(
            Word.totals,
            .dictionary(
                NGDictionary(words: [Word.rtp: Self.statistics(totals.rtp), Word.rtcp: Self.statistics(totals.rtcp)])))
    }

    private static func sources(_ report: CallReport) -> NGDictionary {
        var sources = NGDictionary()
        for stream in report.sides.flatMap({ $0.media.flatMap(\.streams) }) where !stream.isRTCP {
            guard let ssrc = stream.counters.ssrc, sources["\(ssrc)"] == nil else { continue }
            sources.append("\(ssrc)", .dictionary(Self.source(stream.counters)))
        }
        return sources
    }

    private static func source(_ counters: StreamCounters) -> NGDictionary {
        var entry = NGDictionary(words: [Word.bytes: .count(counters.bytes), Word.packets: .count(counters.packets)])
        guard let quality = counters.quality else { return entry }
        entry.append(Word.lastTimestamp, .count(quality.lastTimestamp))
        entry.append(Word.lastSequence, .count(quality.lastSequence & 0xFFFF))
        guard let average = quality.average, let lowest = quality.lowest, let highest = quality.highest else {
            return entry
        }
        entry.append(Word.cumulativeLoss, .count(max(quality.lost, quality.reportedLoss ?? 0)))
        var mean = values(of: average)
        mean.append(Word.samples, .count(quality.samples))
        entry.append(Word.averageMOS, .dictionary(mean))
        for (name, sample) in [("lowest MOS", lowest), ("highest MOS", highest)] {
            var extreme = values(of: sample)
            extreme.append(Word.reportedAt, .count(sample.reportedAt))
            entry.append(name, .dictionary(extreme))
        }
        return entry
    }

    private static func values(of sample: QualitySample) -> NGDictionary {
        NGDictionary(words: [
            Word.mos: .count(sample.mos), Word.roundTripTime: .count(sample.roundTripTime),
            Word.legRoundTripTime: .count(sample.legRoundTripTime), Word.jitter: .count(sample.jitter),
            Word.packetLoss: .count(sample.packetLoss),
        ])
    }

    /// - Parameter source: the side whose media this one gets.
    private static func side(_ side: CallReport.Side, hearing source: CallReport.Side?) -> NGDictionary {
        var entry = NGDictionary()
        entry.append(Word.tag, ifPresent: side.tag.map { .string($0) })
        entry.append(Word.viaBranch, ifPresent: side.viaBranch.map { .string($0) })
        entry.append(Word.label, ifPresent: side.label.map { .string($0) })
        entry.append(Word.created, .count(side.created))
        let peers: [NGValue] = side.peers.map {
            .dictionary(NGDictionary(words: [Word.tag: .string($0), Word.kind: .string(Word.offerAnswer)]))
        }
        entry.append(Word.subscriptions, .list(peers))
        entry.append(Word.subscribers, .list(peers))
        let medias = side.media.enumerated().map { index, own -> NGValue in
            let heard = source.flatMap { index < $0.media.count ? $0.media[index] : nil }
            return .dictionary(media(own, index: index + 1, hearing: heard))
        }
        entry.append(Word.medias, .list(medias))
        entry.append(Word.vsc, [])
        return entry
    }

    private static func media(
        _ media: CallReport.Media, index: Int, hearing source: CallReport.Media?
    ) -> NGDictionary {
        var entry = NGDictionary()
        entry.append(Word.index, .count(index))
        entry.append(Word.kind, .string(media.kind))
        entry.append(Word.transport, .string(media.transport))
        entry.append(Word.codec, ifPresent: media.codec.map { .string($0) })
        entry.append(Word.streams, .list(media.streams.map { .dictionary(stream($0, of: media)) }))
        var flags: [NGValue] = [.string(Word.initialized)]
        if media.isAsymmetric { flags.append("asymmetric") }
        if media.receives { flags.append(.string(Word.send)) }
        if media.sends { flags.append(.string(Word.receive)) }
        if media.isMuxed { flags.append("rtcp-mux") }
        if media.isUnidirectional { flags.append("unidirectional") }
        if media.checksLoops { flags.append("loop check") }
        entry.append(Word.flags, .list(flags))
        entry.append(Word.ingressSources, .list(sources(of: media)))
        // Packets are passed on as they come, SSRC and all.
        entry.append(Word.egressSources, .list(source.map(sources) ?? []))
        return entry
    }

    private static func sources(of media: CallReport.Media) -> [NGValue] {
        media.streams.compactMap { stream in
            guard !stream.isRTCP, let ssrc = stream.counters.ssrc else { return nil }
            var source = NGDictionary(words: [Word.ssrc: .count(ssrc)])
            source.append(contentsOf: Self.source(stream.counters))
            return .dictionary(source)
        }
    }

    private static func stream(_ stream: CallReport.Stream, of media: CallReport.Media) -> NGDictionary {
        var entry = NGDictionary()
        entry.append(Word.localPort, .count(stream.local.port))
        entry.append(Word.localAddress, .string(ByteString("\(stream.local.address)")))
        entry.append(Word.family, .string(ByteString(stream.local.address.family.name)))
        entry.append(Word.endpoint, endpoint(stream.endpoint))
        entry.append(Word.advertisedEndpoint, endpoint(stream.advertisedEndpoint))
        entry.append(Word.lastPacket, .count(stream.lastPacket))
        entry.append(Word.lastKernelPacket, .count(stream.lastKernelPacket))
        // Before the first packet, it is the last signalling, as in `last packet`.
        let lastUser = stream.lastKernelPacket == 0 ? stream.lastPacket : stream.lastUserPacket
        entry.append(Word.lastUserPacket, .count(lastUser))
        entry.append(Word.ssrc, ifPresent: stream.counters.ssrc.map { .count($0) })
        var flags: [NGValue] = [.string(stream.isRTCP ? Word.rtcp : Word.rtp)]
        if stream.advertisedEndpoint != nil { flags.append(.string(Word.filled)) }
        if stream.isLocked { flags.append("confirmed") }
        if stream.counters.isKernelized { flags.append("kernelized") }
        if media.isStrictSource { flags.append("strict source address") }
        if media.allowsMediaHandover { flags.append("media handover") }
        entry.append(Word.flags, .list(flags))
        entry.append(Word.statistics, statistics(stream.counters))
        entry.append(
            Word.statisticsOut,
            .dictionary(
                NGDictionary(words: [
                    Word.packets: .count(stream.counters.packetsOut),
                    Word.bytes: .count(stream.counters.bytesOut), Word.errors: 0,
                ])))
        return entry
    }

    private static func endpoint(_ address: TransportAddress?) -> NGValue {
        guard let address else { return [:] }
        return .dictionary(
            NGDictionary(words: [
                Word.family: .string(ByteString(address.address.family.name)),
                Word.address: .string(ByteString("\(address.address)")), Word.port: .count(address.port),
            ]))
    }

    private static func statistics(_ counters: StreamCounters) -> NGValue {
        .dictionary(
            NGDictionary(words: [
                Word.packets: .count(counters.packets), Word.bytes: .count(counters.bytes),
                Word.errors: .count(counters.errors),
            ]))
    }
}
