internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGWriter {
    /// How much of a call is shown.
    enum ReportDetail {
        case all
        /// Without the media of its sides, and the sources in them.
        case sides
    }

    /// A call as `query` and `delete` show it, without `result`.
    ///
    /// - Parameter tag: show only this side and the ones it hears.
    mutating func entries(of report: CallReport, onlyTag tag: ByteString? = nil, _ detail: ReportDetail = .all) {
        field("created", report.created / 1_000_000)
        field("created_us", report.created % 1_000_000)
        field("created_ts", report.created)
        field("last signal", report.lastSignal)
        field("last redis update", 0)
        field("metadata", ifPresent: report.metadata)
        dictionary("SSRC") { if detail == .all { $0.sources(of: report) } }
        dictionary("tags") { tags in
            for (number, side) in report.sides.enumerated() {
                guard tag == nil || side.tag == tag || side.peers.contains(where: { $0 == tag }) else { continue }
                let heard = report.sides.first { $0.tag.map(side.peers.contains) ?? false }
                tags.key(side.tag ?? ByteString("<untagged \(number)>"))
                tags.dictionary { $0.entries(of: side, hearing: heard, detail) }
            }
        }
        let totals = report.totals
        dictionary("totals") {
            $0.statistics("RTP", totals.rtp)
            $0.statistics("RTCP", totals.rtcp)
        }
    }

    private mutating func sources(of report: CallReport) {
        var seen: [UInt32] = []
        for side in report.sides {
            for media in side.media {
                for stream in media.streams where !stream.isRTCP {
                    for source in stream.sources where !seen.contains(source.ssrc) {
                        seen.append(source.ssrc)
                        dictionary("\(source.ssrc)") { $0.entries(of: source, stream.counters) }
                    }
                }
            }
        }
    }

    private mutating func entries(of source: CallReport.Source, _ counters: StreamCounters) {
        if source.isCurrent {
            field("bytes", counters.bytes)
            field("packets", counters.packets)
        }
        guard let quality = source.quality else { return }
        if source.isCurrent {
            field("last RTP timestamp", UInt64(quality.lastTimestamp))
            field("last RTP seq", UInt64(quality.lastSequence & 0xFFFF))
        }
        guard let average = quality.average, let lowest = quality.lowest, let highest = quality.highest else { return }
        field("cumulative loss", Int64(clamping: max(quality.lost, quality.reportedLoss ?? 0)))
        dictionary("average MOS") {
            $0.values(of: average)
            $0.field("samples", Int64(clamping: quality.samples))
        }
        for (name, sample) in [("lowest MOS", lowest), ("highest MOS", highest)] {
            dictionary(name) { $0.report(sample) }
        }
        let samples = source.progression
        let span = (samples.last?.reportedAt ?? 0) &- (samples.first?.reportedAt ?? 0)
        dictionary("MOS progression") {
            $0.field("interval", Int64(span) / Int64(max(1, samples.count - 1)))
            $0.list("entries") { entries in
                for sample in samples { entries.dictionary { $0.report(sample) } }
            }
        }
    }

    private mutating func report(_ sample: QualitySample) {
        values(of: sample)
        field("reported at", Int64(clamping: sample.reportedAt))
    }

    private mutating func values(of sample: QualitySample) {
        field("MOS", Int64(clamping: sample.mos))
        field("round-trip time", Int64(clamping: sample.roundTripTime))
        field("round-trip time leg", Int64(clamping: sample.legRoundTripTime))
        field("jitter", Int64(clamping: sample.jitter))
        field("packet loss", Int64(clamping: sample.packetLoss))
    }

    /// - Parameter source: the side whose media this one gets.
    private mutating func entries(
        of side: CallReport.Side, hearing source: CallReport.Side?, _ detail: ReportDetail
    ) {
        field("tag", ifPresent: side.tag)
        field("via-branch", ifPresent: side.viaBranch)
        field("label", ifPresent: side.label)
        field("created", side.created)
        field("metadata", ifPresent: side.metadata)
        for name in ["subscriptions", "subscribers"] {
            list(name) { peers in
                for peer in side.peers {
                    peers.dictionary {
                        $0.field("tag", peer)
                        $0.field("type", "offer/answer")
                    }
                }
            }
        }
        list("medias") { medias in
            for (index, own) in side.media.enumerated() where detail == .all {
                let heard = source.flatMap { index < $0.media.count ? $0.media[index] : nil }
                medias.dictionary { $0.entries(of: own, index: index + 1, hearing: heard) }
            }
        }
        list("VSC") { _ in }
    }

    private mutating func entries(of media: CallReport.Media, index: Int, hearing source: CallReport.Media?) {
        field("index", index)
        field("type", media.kind)
        field("protocol", media.transport)
        field("codec", ifPresent: media.codec)
        list("streams") { streams in
            for stream in media.streams { streams.dictionary { $0.entries(of: stream, media) } }
        }
        list("flags") { flags in
            flags.string("initialized")
            if media.isAsymmetric { flags.string("asymmetric") }
            if media.receives { flags.string("send") }
            if media.sends { flags.string("recv") }
            if media.isMuxed { flags.string("rtcp-mux") }
            if media.isUnidirectional { flags.string("unidirectional") }
            if media.checksLoops { flags.string("loop check") }
        }
        list("ingress SSRCs") { $0.sources(of: media) }
        // Packets are passed on as they come, SSRC and all.
        list("egress SSRCs") { sources in if let source { sources.sources(of: source) } }
    }

    private mutating func sources(of media: CallReport.Media) {
        for stream in media.streams where !stream.isRTCP {
            for source in stream.sources {
                dictionary {
                    $0.field("SSRC", UInt64(source.ssrc))
                    $0.entries(of: source, stream.counters)
                }
            }
        }
    }

    private mutating func entries(of stream: CallReport.Stream, _ media: CallReport.Media) {
        field("local port", UInt64(stream.local.port))
        field("local address", stream.local.address)
        field("family", stream.local.address.family.name)
        endpoint("endpoint", stream.endpoint)
        endpoint("advertised endpoint", stream.advertisedEndpoint)
        field("last packet", stream.lastPacket)
        field("last kernel packet", stream.lastKernelPacket)
        // Before the first packet, it is the last signalling, as in `last packet`.
        field("last user packet", stream.lastKernelPacket == 0 ? stream.lastPacket : stream.lastUserPacket)
        if let ssrc = stream.counters.ssrc { field("SSRC", UInt64(ssrc)) }
        list("flags") { flags in
            flags.string(stream.isRTCP ? "RTCP" : "RTP")
            if stream.advertisedEndpoint != nil { flags.string("filled") }
            if stream.isLocked { flags.string("confirmed") }
            if stream.counters.isKernelized { flags.string("kernelized") }
            if media.isStrictSource { flags.string("strict source address") }
            if media.allowsMediaHandover { flags.string("media handover") }
        }
        statistics("stats", stream.counters)
        dictionary("stats_out") {
            $0.field("packets", stream.counters.packetsOut)
            $0.field("bytes", stream.counters.bytesOut)
            $0.field("errors", 0)
        }
    }

    private mutating func endpoint(_ key: String, _ address: TransportAddress?) {
        dictionary(key) { entry in
            guard let address else { return }
            entry.field("family", address.address.family.name)
            entry.field("address", address.address)
            entry.field("port", UInt64(address.port))
        }
    }

    private mutating func statistics(_ key: String, _ counters: StreamCounters) {
        dictionary(key) {
            $0.field("packets", counters.packets)
            $0.field("bytes", counters.bytes)
            $0.field("errors", counters.errors)
        }
    }
}
