internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGRequest {
    /// What the request asks of the relay, in the relay's terms.
    var mediaOptions: MediaOptions {
        var options = MediaOptions()
        options.replace = replacements
        options.fromInterface = (fromInterface ?? interface ?? direction.first)?.description
        options.toInterface = (toInterface ?? (direction.count > 1 ? direction[1] : nil))?.description
        options.sourceAddress = flags.contains(.sipSourceAddress) ? receivedFrom : nil
        options.addressFamily = addressFamily
        options.mediaAddress = mediaAddress
        if let transportProtocol, transportProtocol != .accept {
            options.transportProtocol = transportProtocol.wireName
        }
        // Only an offer may mark; negative and impossible values keep what is.
        if command == .offer, let tos { options.tos = UInt8(exactly: tos) }
        options.endpointLearning = endpointLearning?.core
        options.isAsymmetric = flags.contains(.asymmetric)
        options.isStrictSource = flags.contains(.strictSource)
        options.allowsMediaHandover = flags.contains(.mediaHandover)
        if flags.contains(.portLatching) { options.portLatching = .always }
        if flags.contains(.noPortLatching) { options.portLatching = .never }
        options.rtcpMux = muxOptions
        if flags.contains(.noRTCPAttribute) { options.rtcpAttribute = .omitted }
        if flags.contains(.fullRTCPAttribute) { options.rtcpAttribute = .full }
        options.keepsDirectionLine = flags.contains(.originalSendrecv)
        options.protectsFromLoops = flags.contains(.loopProtect)
        options.removesICE = ice == .remove
        options.codecs = codecSelection
        options.attributeEdits = attributeEdits
        options.removedMedia = Set(sdpMediaRemove.elements.map { ByteString($0.spelling) })
        options.dropsTraffic = dropTraffic.map { $0 == .start }
        options.blocksDTMF = flags.contains(.blockDTMF)
        options.piercesNAT = flags.contains(.pierceNAT)
        options.waitsForNAT = flags.contains(.natWait)
        options.isUnidirectional = flags.contains(.unidirectional)
        options.label = setLabel ?? label
        options.metadata = metadata
        options.isShared = !flags.contains(.noRedisUpdate)
        return options
    }

    /// `mask` is `strip` where nothing is converted: the offerer would get what it cannot be given.
    private var codecSelection: CodecSelection {
        var selection = CodecSelection()
        (selection.strip, selection.offer, selection.except) = (codec.strip + codec.mask, codec.offer, codec.except)
        selection.keepsFirstOnly = flags.contains(.singleCodec) && command == .answer
        return selection
    }

    private var attributeEdits: AttributeEdits {
        var edits = AttributeEdits()
        for (section, changes) in sdpAttr.sections {
            var edit = AttributeEdits.Section()
            (edit.remove, edit.add) = (changes.remove, changes.add)
            edit.substitute = changes.substitute.map { .init($0.from, with: $0.to) }
            switch section {
            case .session: edits.session = edit
            case .media(let kind): edits.media[ByteString(kind.spelling)] = edit
            }
        }
        return edits
    }

    private static let replacements: [(said: NGReplace, meant: MediaOptions.Replacement)] = [
        (.origin, .origin), (.originFull, .originFull), (.sdpVersion, .sdpVersion),
        (.forceIncrementSDPVersion, .forceIncrementVersion), (.username, .username), (.sessionName, .sessionName),
        (.zeroAddress, .zeroAddress),
    ]

    private var replacements: MediaOptions.Replacement {
        var options: MediaOptions.Replacement = []
        if replace.isEmpty { return options }
        for name in Self.replacements where replace.contains(name.said) { options.formUnion(name.meant) }
        return options
    }

    private static let muxOptions: [(said: NGRTCPMux, meant: MediaOptions.RTCPMux)] = [
        (.offer, .offer), (.require, .require), (.demux, .demux), (.accept, .accept), (.reject, .reject),
    ]

    private var muxOptions: MediaOptions.RTCPMux {
        var options: MediaOptions.RTCPMux = []
        if rtcpMux.isEmpty { return options }
        for name in Self.muxOptions where rtcpMux.contains(name.said) { options.formUnion(name.meant) }
        return options
    }
}

extension NGTransportProtocol {
    fileprivate var wireName: ByteString {
        switch self {
        case .rtpAVP: "RTP/AVP"
        case .rtpSAVP: "RTP/SAVP"
        case .rtpAVPF: "RTP/AVPF"
        case .rtpSAVPF: "RTP/SAVPF"
        case .tlsRTPSAVP: "UDP/TLS/RTP/SAVP"
        case .tlsRTPSAVPF: "UDP/TLS/RTP/SAVPF"
        case .udptl: "udptl"
        case .accept: ""
        }
    }
}

extension NGEndpointLearning {
    fileprivate var core: EndpointLearning {
        switch self {
        case .off: .off
        case .immediate: .immediate
        case .delayed: .delayed
        case .heuristic: .heuristic
        }
    }
}
