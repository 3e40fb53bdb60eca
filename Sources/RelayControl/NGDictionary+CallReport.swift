internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGValue {
    /// A number that is never negative; what does not fit is shown as the greatest that does.
    fileprivate static func count(_ value: some BinaryInteger) -> NGValue { .integer(Int64(clamping: value)) }
}

extension NGDictionary {
    /// A call as `query` and `delete` show it, without `result`.
    ///
    /// - Parameter tag: show only this side and the ones it hears.
    init(_ report: CallReport, onlyTag tag: ByteString? = nil) {
        self.init()
        append("created", .count(report.created / 1_000_000))
        append("created_us", .count(report.created % 1_000_000))
        append("created_ts", .count(report.created))
        append("last signal", .count(report.lastSignal))
        append("last redis update", 0)
        append("metadata", ifPresent: report.metadata.map { .string($0) })
        append("SSRC", .dictionary(Self.sources(report)))
        var tags = NGDictionary()
        for (number, side) in report.sides.enumerated() {
            guard tag == nil || side.tag == tag || side.peers.contains(where: { $0 == tag }) else { continue }
            let name = side.tag ?? ByteString("<untagged \(number)>")
            let heard = report.sides.first { $0.tag != nil && side.peers.contains($0.tag ?? "") }
            tags.append(name, .dictionary(Self.side(side, hearing: heard)))
        }
        append("tags", .dictionary(tags))
        let totals = report.totals
        append("totals", ["RTP": Self.statistics(totals.rtp), "RTCP": Self.statistics(totals.rtcp)])
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
        var entry: NGDictionary = ["bytes": .count(counters.bytes), "packets": .count(counters.packets)]
        guard let quality = counters.quality else { return entry }
        entry.append("last RTP timestamp", .count(quality.lastTimestamp))
        entry.append("last RTP seq", .count(quality.lastSequence & 0xFFFF))
        guard let average = quality.average, let lowest = quality.lowest, let highest = quality.highest else {
            return entry
        }
        entry.append("cumulative loss", .count(max(quality.lost, quality.reportedLoss ?? 0)))
        var mean = values(of: average)
        mean.append("samples", .count(quality.samples))
        entry.append("average MOS", .dictionary(mean))
        for (name, sample) in [("lowest MOS", lowest), ("highest MOS", highest)] {
            var extreme = values(of: sample)
            extreme.append("reported at", .count(sample.reportedAt))
            entry.append(name, .dictionary(extreme))
        }
        return entry
    }

    private static func values(of sample: QualitySample) -> NGDictionary {
        [
            "MOS": .count(sample.mos), "round-trip time": .count(sample.roundTripTime),
            "round-trip time leg": .count(sample.legRoundTripTime), "jitter": .count(sample.jitter),
            "packet loss": .count(sample.packetLoss),
        ]
    }

    /// - Parameter source: the side whose media this one gets.
    private static func side(_ side: CallReport.Side, hearing source: CallReport.Side?) -> NGDictionary {
        var entry = NGDictionary()
        entry.append("tag", ifPresent: side.tag.map { .string($0) })
        entry.append("via-branch", ifPresent: side.viaBranch.map { .string($0) })
        entry.append("label", ifPresent: side.label.map { .string($0) })
        entry.append("created", .count(side.created))
        let peers: [NGValue] = side.peers.map { ["tag": .string($0), "type": "offer/answer"] }
        entry.append("subscriptions", .list(peers))
        entry.append("subscribers", .list(peers))
        let medias = side.media.enumerated().map { index, own -> NGValue in
            let heard = source.flatMap { index < $0.media.count ? $0.media[index] : nil }
            return .dictionary(media(own, index: index + 1, hearing: heard))
        }
        entry.append("medias", .list(medias))
        entry.append("VSC", [])
        return entry
    }

    private static func media(
        _ media: CallReport.Media, index: Int, hearing source: CallReport.Media?
    ) -> NGDictionary {
        var entry = NGDictionary()
        entry.append("index", .count(index))
        entry.append("type", .string(media.kind))
        entry.append("protocol", .string(media.transport))
        entry.append("codec", ifPresent: media.codec.map { .string($0) })
        entry.append("streams", .list(media.streams.map { .dictionary(stream($0, of: media)) }))
        var flags: [NGValue] = ["initialized"]
        if media.isAsymmetric { flags.append("asymmetric") }
        if media.receives { flags.append("send") }
        if media.sends { flags.append("recv") }
        if media.isMuxed { flags.append("rtcp-mux") }
        if media.isUnidirectional { flags.append("unidirectional") }
        if media.checksLoops { flags.append("loop check") }
        entry.append("flags", .list(flags))
        entry.append("ingress SSRCs", .list(sources(of: media)))
        // Packets are passed on as they come, SSRC and all.
        entry.append("egress SSRCs", .list(source.map(sources) ?? []))
        return entry
    }

    private static func sources(of media: CallReport.Media) -> [NGValue] {
        media.streams.compactMap { stream in
            guard !stream.isRTCP, let ssrc = stream.counters.ssrc else { return nil }
            var source: NGDictionary = ["SSRC": .count(ssrc)]
            source.append(contentsOf: Self.source(stream.counters))
            return .dictionary(source)
        }
    }

    private static func stream(_ stream: CallReport.Stream, of media: CallReport.Media) -> NGDictionary {
        var entry = NGDictionary()
        entry.append("local port", .count(stream.local.port))
        entry.append("local address", .string(ByteString("\(stream.local.address)")))
        entry.append("family", .string(ByteString(stream.local.address.family.name)))
        entry.append("endpoint", endpoint(stream.endpoint))
        entry.append("advertised endpoint", endpoint(stream.advertisedEndpoint))
        entry.append("last packet", .count(stream.lastPacket))
        entry.append("last kernel packet", .count(stream.lastKernelPacket))
        // Before the first packet, it is the last signalling, as in `last packet`.
        let lastUser = stream.lastKernelPacket == 0 ? stream.lastPacket : stream.lastUserPacket
        entry.append("last user packet", .count(lastUser))
        entry.append("SSRC", ifPresent: stream.counters.ssrc.map { .count($0) })
        var flags: [NGValue] = [stream.isRTCP ? "RTCP" : "RTP"]
        if stream.advertisedEndpoint != nil { flags.append("filled") }
        if stream.isLocked { flags.append("confirmed") }
        if stream.counters.isKernelized { flags.append("kernelized") }
        if media.isStrictSource { flags.append("strict source address") }
        if media.allowsMediaHandover { flags.append("media handover") }
        entry.append("flags", .list(flags))
        entry.append("stats", statistics(stream.counters))
        entry.append(
            "stats_out",
            [
                "packets": .count(stream.counters.packetsOut),
                "bytes": .count(stream.counters.bytesOut), "errors": 0,
            ])
        return entry
    }

    private static func endpoint(_ address: TransportAddress?) -> NGValue {
        guard let address else { return [:] }
        return [
            "family": .string(ByteString(address.address.family.name)),
            "address": .string(ByteString("\(address.address)")), "port": .count(address.port),
        ]
    }

    private static func statistics(_ counters: StreamCounters) -> NGValue {
        [
            "packets": .count(counters.packets), "bytes": .count(counters.bytes),
            "errors": .count(counters.errors),
        ]
    }
}
