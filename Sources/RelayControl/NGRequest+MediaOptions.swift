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
        options.label = setLabel ?? label
        options.metadata = metadata
        return options
    }

    private var replacements: MediaOptions.Replacement {
        let names: [(NGReplace, MediaOptions.Replacement)] = [
            (.origin, .origin), (.originFull, .originFull), (.sdpVersion, .sdpVersion),
            (.forceIncrementSDPVersion, .forceIncrementVersion), (.username, .username), (.sessionName, .sessionName),
            (.zeroAddress, .zeroAddress),
        ]
        return names.reduce(into: []) { if replace.contains($1.0) { $0.insert($1.1) } }
    }

    private var muxOptions: MediaOptions.RTCPMux {
        let names: [(NGRTCPMux, MediaOptions.RTCPMux)] = [
            (.offer, .offer), (.require, .require), (.demux, .demux), (.accept, .accept), (.reject, .reject),
        ]
        return names.reduce(into: []) { if rtcpMux.contains($1.0) { $0.insert($1.1) } }
    }

    /// What was asked for and would change the media, but is not built: told to the client, never silently dropped.
    var unsupported: [String] {
        var missing: [String] = []
        if let ice, ice != .remove, ice != .default { missing.append("ICE") }
        if !codec.isEmpty { missing.append("codec") }
        if !sdpAttr.isEmpty { missing.append("sdp-attr") }
        if !sdpMediaRemove.isEmpty { missing.append("sdp-media-remove") }
        if recordCall == true || flags.contains(.recordCall) { missing.append("record-call") }
        if dropTraffic != nil { missing.append("drop-traffic") }
        if generateRTCP == true || flags.contains(.generateRTCP) { missing.append("generate-RTCP") }
        for key in [NGKey.t38, .ptime, .dtls, .audioPlayer, .moh, .mediaEcho, .bundle] where keys.contains(key) {
            missing.append(key.spelling)
        }
        for (flag, name) in [(NGFlag.pierceNAT, "pierce-NAT"), (.natWait, "NAT-wait"), (.webrtc, "webrtc")]
        where flags.contains(flag) { missing.append(name) }
        if let transportProtocol, transportProtocol != .rtpAVP, transportProtocol != .rtpAVPF,
            transportProtocol != .accept
        {
            missing.append("transport-protocol")
        }
        return missing
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
