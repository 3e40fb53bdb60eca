internal import SDP
internal import WireFormat

extension Negotiation {
    /// Lays out the SDP for the other side.
    mutating func compose(
        _ document: SDPDocument, from sender: Int, to receiver: Int, _ options: MediaOptions, isAnswer: Bool
    ) -> [UInt8] {
        var rewrite = SDPRewrite()
        if options.protectsFromLoops { rewrite.loopMarker = context.loopMarker }
        options.attributeEdits.apply(to: &rewrite)
        let (streams, sources) = (state.participants[receiver].media, state.participants[sender].media)
        let indices = streamIndices(of: document, from: sender)
        for (section, index) in indices.enumerated() {
            // Branches may have been offered different numbers of m-lines, and an answer may have more than any offer.
            guard index < streams.count, index < sources.count else {
                let family = Self.family(
                    towards: streams, index, options, else: document.media[section].connection.family)
                rewrite.media.append(.rejected(family: family, mid: nil))
                continue
            }
            var media = self.rewrite(
                document.media[section], streams, sources[index], index, options, isAnswer: isAnswer)
            if case .relayed(var relayed) = media {
                let types = isAnswer ? Self.common(document.media[section], streams[index]) : nil
                relayed.payloadTypes = selected(options.codecs, types, section, of: document)
                media = .relayed(relayed)
            }
            rewrite.media.append(media)
        }
        rewrite.insertions = unseenSections(indices, streams, sources, options)
        let address =
            options.mediaAddress ?? streams.lazy.compactMap { $0.port?.interface.configuration.advertised }.first
        return compose(document, &rewrite, for: receiver, options, address: address)
    }

    /// In which family a side is told of an m-line that has no port: in that of the port that it has had, or else of any
    /// other of its ports.
    private static func family(
        towards streams: [MediaStream], _ index: Int, _ options: MediaOptions, else sender: AddressFamily
    ) -> AddressFamily {
        let own = index < streams.count ? streams[index].port?.interface ?? streams[index].reserved?.interface : nil
        let interface = own ?? streams.lazy.compactMap { $0.port?.interface }.first
        return interface?.family ?? options.addressFamily ?? sender
    }

    /// Rewrites one m-line: `streams` are the receiver's, `source` is the sender's.
    private func rewrite(
        _ description: MediaDescription, _ streams: [MediaStream], _ source: MediaStream, _ index: Int,
        _ options: MediaOptions, isAnswer: Bool
    ) -> MediaRewrite {
        let stream = streams[index]
        if stream.isUntouched { return .verbatim }
        if stream.isHidden { return .omitted }
        guard !source.isRejected, let port = stream.port else {
            let family = Self.family(towards: streams, index, options, else: description.connection.family)
            return .rejected(family: family, mid: stream.mid)
        }
        var address = options.mediaAddress ?? port.interface.configuration.advertised
        var direction = description.direction
        if source.signalled?.address.isUnspecified == true {
            if !options.replace.contains(.zeroAddress) { address = .unspecified(port.interface.family) }
            if direction == .sendrecv { direction = .sendonly }
            if direction == .recvonly { direction = .inactive }
        }
        var relayed = RelayedMedia(port: port.pair.port, address: address)
        relayed.direction = direction
        relayed.keepsDirectionLine = options.keepsDirectionLine
        if stream.transport != description.transport { relayed.transport = stream.transport }
        (relayed.mid, relayed.ptime, relayed.maxptime) = (stream.mid, stream.ptime, description.maxptime)
        relayed.label = description.label
        let isMuxed = isAnswer ? stream.isMuxed : stream.weOfferedMux
        let hasNoFallback =
            isAnswer ? stream.isMuxed : isMuxed && (stream.isMuxed || options.rtcpMux.contains(.require))
        relayed.rtcpMux = isMuxed
        if port.isRTP {
            let rtcpPort = hasNoFallback ? port.pair.port : port.pair.port + 1
            switch options.rtcpAttribute {
            case .port: relayed.rtcp = .port(rtcpPort)
            case .full: relayed.rtcp = .full(rtcpPort, address)
            case .omitted: relayed.rtcp = .omitted
            }
        }
        return .relayed(relayed)
    }

    /// The codecs that go on; `nil` for all of the section's.
    private func selected(
        _ codecs: CodecSelection, _ payloadTypes: [UInt8]?, _ section: Int, of document: SDPDocument
    ) -> [UInt8]? {
        guard !codecs.isEmpty else { return payloadTypes }
        return codecs.select(from: payloadTypes ?? document.media[section].payloadTypes) { payloadType in
            document.encoding(of: payloadType, in: section)
        }
    }

    /// The m-lines that the receiver has and the sender has not been told of: rejected, in their places.
    private func unseenSections(
        _ indices: [Int], _ streams: [MediaStream], _ sources: [MediaStream], _ options: MediaOptions
    ) -> [SDPRewrite.Insertion] {
        sources.indices.filter { sources[$0].isHidden && $0 < streams.count && !streams[$0].isHidden }.map { index in
            SDPRewrite.Insertion(
                position: indices.firstIndex { $0 > index } ?? indices.count, type: streams[index].kind,
                transport: streams[index].transport, payloadTypes: streams[index].payloadTypes,
                family: Self.family(
                    towards: streams, index, options, else: streams[index].signalled?.address.family ?? .ipv4),
                mid: streams[index].mid)
        }
    }

    /// The answer's payload types that were offered; all of them if none was.
    private static func common(_ description: MediaDescription, _ offered: MediaStream) -> [UInt8]? {
        let common = description.payloadTypes.filter { offered.payloadTypes.contains($0) }
        return common.isEmpty || common.count == description.payloadTypes.count ? nil : common
    }

    /// Applies what is asked of the `o=` and `s=` lines, which depends on what this side has been sent before.
    private mutating func compose(
        _ document: SDPDocument, _ rewrite: inout SDPRewrite, for receiver: Int, _ options: MediaOptions,
        address: IPAddress?
    ) -> [UInt8] {
        let replace = options.replace
        let before = state.participants[receiver].sent
        let isFull = replace.contains(.originFull)
        if replace.contains(.origin) || isFull { rewrite.originAddress = before?.originAddress ?? address }
        if replace.contains(.username) || isFull { rewrite.username = before?.username }
        if isFull { rewrite.sessionID = before?.sessionID }
        if replace.contains(.sessionName) { rewrite.sessionName = before?.sessionName }
        let countsVersion = isFull || !replace.isDisjoint(with: [.sdpVersion, .forceIncrementVersion])
        var version = document.session.version
        if countsVersion, let before {
            version = replace.contains(.forceIncrementVersion) ? before.version &+ 1 : before.version
            rewrite.version = .number(version)
        }
        var text = document.composed(with: rewrite)
        if countsVersion, let before, version == before.version, OctetDigest(text.span).value != before.fingerprint {
            version &+= 1
            rewrite.version = .number(version)
            text = document.composed(with: rewrite)
        }
        state.participants[receiver].sent = Participant.SentSDP(
            username: rewrite.username ?? document.session.username,
            sessionID: rewrite.sessionID ?? document.session.sessionID,
            sessionName: rewrite.sessionName ?? document.session.name,
            originAddress: rewrite.originAddress ?? before?.originAddress, version: version,
            fingerprint: OctetDigest(text.span).value)
        return text
    }
}
