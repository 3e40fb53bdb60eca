internal import WireFormat

extension NGRequest {
    /// Takes over a flag string.
    mutating func apply(flagString: ByteString) {
        guard flagStringDepth < Self.maximumFlagStringDepth else { return warn(.malformedFlagString(offset: 0)) }
        flagStringDepth += 1
        defer { flagStringDepth -= 1 }
        var transport = TransportWords()
        var parser = FlagStringParser(flagString.bytes.span)
        while let word = parser.next() {
            switch word {
            case .flag(let word):
                switch FlagStringWord(word) {
                case .internal, .external: apply(.direction, .list([.string(word)]))
                case let part?: transport.apply(part)
                case nil: apply(flag: word)
                }
            case .value(let key, let value): apply(flagKey: key, value)
            }
        }
        if let transport = transport.result {
            keys.insert(.transportProtocol)
            transportProtocol = transport
        }
        for offset in parser.malformed { warn(.malformedFlagString(offset: offset)) }
    }

    mutating func apply(template name: ByteString) {
        guard let flags = templates[name] else { return warn(.unknownTemplate(name)) }
        apply(flagString: flags)
    }

    /// Takes over `key=value`.
    mutating func apply(flagKey word: ByteString, _ value: NGValue) {
        if let key = NGKey(word) {
            switch key {
            case .toTag: flags.insert(.toTag)  // who names a tag wants it to be matched
            case .fromTag: flags.insert(.directional)
            default: break
            }
            return apply(key, value)
        }
        // `codec-strip=X` and `transcode=[X Y]` say the same as `codec-strip-X`.
        var prefix = word.bytes
        prefix.append(UInt8(ascii: "-"))
        if let operation = NGFlagPrefix(prefix.span)?.codecOperation {
            keys.insert(.codec)
            for name in words(of: .codec, value) { codec.append(name.unescapingFlagWord(), to: operation) }
            return
        }
        warn(.unknownKey(word))
    }
}

/// The words that mean something in a flag string only.
private enum FlagStringWord: UInt8, NGOption {
    case `internal`, external
    case rtp, srtp, avp, avpf, dtls, rtpAVP, rtpSAVP, rtpAVPF, rtpSAVPF, tlsRTPSAVP, tlsRTPSAVPF

    static let names = NameTable<FlagStringWord>([
        "internal": .internal, "external": .external, "RTP": .rtp, "SRTP": .srtp, "AVP": .avp, "AVPF": .avpf,
        "DTLS": .dtls, "RTP/AVP": .rtpAVP, "RTP/SAVP": .rtpSAVP, "RTP/AVPF": .rtpAVPF, "RTP/SAVPF": .rtpSAVPF,
        "UDP/TLS/RTP/SAVP": .tlsRTPSAVP, "UDP/TLS/RTP/SAVPF": .tlsRTPSAVPF,
    ])
}

/// The words that add up to a transport, in any order: `SRTP AVPF`, or `UDP/TLS/RTP/SAVPF` as a whole.
private struct TransportWords {
    private var isNamed = false
    private var (isSecure, hasFeedback, usesDTLS) = (false, false, false)

    mutating func apply(_ word: FlagStringWord) {
        switch word {
        case .internal, .external: return
        case .rtp: isSecure = false
        case .srtp: isSecure = true
        case .avp: hasFeedback = false
        case .avpf: hasFeedback = true
        case .dtls: usesDTLS = true
        case .rtpAVP: (isSecure, hasFeedback, usesDTLS) = (false, false, false)
        case .rtpSAVP: (isSecure, hasFeedback, usesDTLS) = (true, false, false)
        case .rtpAVPF: (isSecure, hasFeedback, usesDTLS) = (false, true, false)
        case .rtpSAVPF: (isSecure, hasFeedback, usesDTLS) = (true, true, false)
        case .tlsRTPSAVP: (isSecure, hasFeedback, usesDTLS) = (true, false, true)
        case .tlsRTPSAVPF: (isSecure, hasFeedback, usesDTLS) = (true, true, true)
        }
        isNamed = true
    }

    var result: NGTransportProtocol? {
        guard isNamed else { return nil }
        if usesDTLS { return hasFeedback ? .tlsRTPSAVPF : .tlsRTPSAVP }
        if isSecure { return hasFeedback ? .rtpSAVPF : .rtpSAVP }
        return hasFeedback ? .rtpAVPF : .rtpAVP
    }
}
