internal import WireFormat

/// The beginnings of flag words that say what a key could say, too.
enum NGFlagPrefix: UInt8, NGOption {
    case replace, rtcpMux, sdes, osrtp, bundle, endpointLearning, fromTags, t38, transcode
    case codecStrip, codecOffer, codecExcept, codecMask, codecTranscode, codecAccept, codecConsume, codecIgnore,
        codecSet
    case attributeAdd, attributeRemove, attributeSubstitute

    static let names = NameTable<NGFlagPrefix>([
        "replace-": .replace, "rtcp-mux-": .rtcpMux, "SDES-": .sdes, "OSRTP-": .osrtp, "BUNDLE-": .bundle,
        "endpoint-learning-": .endpointLearning, "from-tags-": .fromTags, "T38-": .t38, "T.38-": .t38,
        "transcode-": .transcode, "codec-strip-": .codecStrip, "codec-offer-": .codecOffer,
        "codec-except-": .codecExcept, "codec-mask-": .codecMask, "codec-transcode-": .codecTranscode,
        "codec-accept-": .codecAccept, "codec-consume-": .codecConsume, "codec-ignore-": .codecIgnore,
        "codec-set-": .codecSet, "sdp-attr-add-": .attributeAdd, "sdp-attr-remove-": .attributeRemove,
        "sdp-attr-substitute-": .attributeSubstitute,
    ])

    /// The operation on codecs, if it is one.
    var codecOperation: NGCodecOptions.Operation? {
        switch self {
        case .codecStrip: .strip
        case .codecOffer: .offer
        case .codecExcept: .except
        case .codecMask: .mask
        case .codecTranscode, .transcode: .transcode
        case .codecAccept: .accept
        case .codecConsume: .consume
        case .codecIgnore: .ignore
        case .codecSet: .set
        default: nil
        }
    }
}

/// The words under `ICE` that do not say what to do with the SDP.
private enum NGICEWord: UInt8, NGOption {
    case trickle, ice2, liteOff, liteForward, liteBackward, liteBoth

    static let names = NameTable<NGICEWord>([
        "trickle": .trickle, "ice2": .ice2, "lite-off": .liteOff, "lite-no": .liteOff, "lite-none": .liteOff,
        "no-lite": .liteOff, "lite": .liteForward, "lite-forward": .liteForward, "lite-fwd": .liteForward,
        "lite-fw": .liteForward, "lite-offer": .liteForward, "lite-backward": .liteBackward,
        "lite-backwards": .liteBackward, "lite-reverse": .liteBackward, "lite-answer": .liteBackward,
        "lite-back": .liteBackward, "lite-bkw": .liteBackward, "lite-bk": .liteBackward, "lite-both": .liteBoth,
    ])
}

extension NGRequest {
    /// Takes over one word of `flags`.
    mutating func apply(flag word: ByteString) {
        if let flag = NGFlag(word) { return insert(flag) }
        if let prefix = NGFlagPrefix.names.prefix(of: word.bytes.span) {
            return apply(prefix: prefix.meaning, ByteString(Array(word.bytes[prefix.length...])))
        }
        if let sign = word.bytes.firstIndex(of: UInt8(ascii: "=")), sign > 0 {
            let value = ByteString(Array(word.bytes[(sign + 1)...]))
            return apply(flagKey: ByteString(Array(word.bytes[..<sign])), .string(value))
        }
        warn(.unknownFlag(word))
    }

    /// Sets a flag and what else it stands for.
    private mutating func insert(_ flag: NGFlag) {
        flags.insert(flag)
        switch flag {
        case .trustAddress: flags.remove(.sipSourceAddress)
        case .sipSourceAddress: flags.remove(.trustAddress)
        case .all: apply(.all, "all")
        case .alwaysTranscode: apply(.codec, ["accept": "all"])
        case .generateRTCP: apply(.generateRTCP, "on")
        case .recordCall: apply(.recordCall, "on")
        case .passthrough: apply(.passthrough, "on")
        case .noPassthrough: apply(.passthrough, "off")
        case .padCrypto: apply(.sdes, "pad")
        case .webrtc: applyWebRTC()
        default: break
        }
    }

    /// `webrtc` is short for what a browser needs.
    private mutating func applyWebRTC() {
        apply(.transportProtocol, "UDP/TLS/RTP/SAVPF")
        apply(.ice, "force")
        apply(.rtcpMux, ["offer", "require"])
        apply(.sdes, "off")
        flags.formUnion([.trickleICE, .noRTCPAttribute, .generateMid])
    }

    /// Takes over a word whose beginning names a key.
    private mutating func apply(prefix: NGFlagPrefix, _ word: ByteString) {
        if let operation = prefix.codecOperation {
            keys.insert(.codec)
            return codec.append(word.unescapingFlagWord(), to: operation)
        }
        let value = NGValue.list([.string(word)])
        switch prefix {
        case .replace: apply(.replace, value)
        case .rtcpMux: apply(.rtcpMux, value)
        case .sdes: apply(.sdes, value)
        case .osrtp: apply(.osrtp, value)
        case .bundle: apply(.bundle, value)
        case .endpointLearning: apply(.endpointLearning, value)
        case .t38: apply(.t38, value)
        case .fromTags: apply(.fromTags, .list([.string(word.unescapingFlagWord())]))
        case .attributeAdd: apply(attribute: word, .add)
        case .attributeRemove: apply(attribute: word, .remove)
        case .attributeSubstitute: apply(attribute: word, .substitute)
        default: break  // codecs, above
        }
    }

    /// `<section>-<line>`
    private mutating func apply(attribute word: ByteString, _ operation: NGAttributeEdits.Operation) {
        keys.insert(.sdpAttr)
        guard let hyphen = word.bytes.firstIndex(of: UInt8(ascii: "-")),
            let section = NGAttributeEdits.Section(ByteString(Array(word.bytes[..<hyphen])))
        else { return warn(.unknownValue(.sdpAttr, word)) }
        append(attribute: ByteString(Array(word.bytes[(hyphen + 1)...])), section, operation)
    }

    mutating func apply(ice word: ByteString) {
        switch NGICEWord(word) {
        case .trickle: flags.insert(.trickleICE)
        case .ice2: usesICE2 = true
        case .liteOff: iceLite = .off
        case .liteForward: iceLite = .forward
        case .liteBackward: iceLite = .backward
        case .liteBoth: iceLite = .both
        case nil: ice = option(.ice, word) ?? ice
        }
    }

    mutating func apply(sdes word: ByteString) {
        if let option = NGSDES.Option(word) { return sdes.options.insert(option) }
        guard let prefix = NGSDES.Prefix.names.prefix(of: word.bytes.span) else {
            return warn(.unknownValue(.sdes, word))
        }
        let rest = word.bytes[prefix.length...]
        let suites = rest.split(separator: UInt8(ascii: ";")).map { ByteString(Array($0)) }
        switch prefix.meaning {
        case .only: sdes.only += suites
        case .no: sdes.excluded += suites
        case .order: sdes.order += suites
        case .offererPreference: sdes.offererPreference += suites
        }
    }

    mutating func apply(osrtp word: ByteString) {
        if word == "accept" { return osrtp.formUnion([.acceptRFC, .acceptLegacy]) }
        if let option: NGOSRTP = option(.osrtp, word) { osrtp.insert(option) }
    }
}
