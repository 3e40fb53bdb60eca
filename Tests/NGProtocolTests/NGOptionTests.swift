import Testing
import WireFormat

@testable import NGProtocol

@Suite struct NGFlagTests {
    @Test("every flag, in every spelling")
    func flags() throws {
        for spelling in NGFlag.names.spellings {
            let flag = try #require(NGFlag(ByteString(spelling)))
            for variant in [
                spelling, spelling.replacing("-", with: " "), spelling.replacing("-", with: "_"), spelling.uppercased(),
                spelling.lowercased(),
            ] {
                let request = try read(["flags": [.string(variant)]])
                #expect(request.flags.contains(flag), "\(variant)")
                #expect(request.warnings.isEmpty)
            }
        }
        #expect(Set(NGFlag.allCases.map(\.spelling)).count == NGFlag.allCases.count)
    }

    @Test(
        "an unknown flag is a warning",
        arguments: ["colour", "", "-", "replace", "codec", "=", "=x", "trust-addres", "trust-addresss"])
    func unknown(_ word: String) throws {
        let request = try read(["flags": ["fatal", .string(word)]])
        #expect(request.flags == [.fatal])
        #expect(request.warnings == [.unknownFlag(ByteString(word))])
    }

    @Test("of trust and distrust the later counts")
    func trust() throws {
        #expect(try read(["flags": ["trust-address", "SIP-source-address"]]).flags == [.sipSourceAddress])
        #expect(try read(["flags": ["SIP-source-address", "trust-address"]]).flags == [.trustAddress])
    }

    @Test("a word whose beginning names a key says what the key says")
    func prefixes() throws {
        let words = [
            "replace-origin", "replace_session-name", "rtcp-mux-offer", "rtcp-mux-require", "SDES-off",
            "sdes-no-AES_CM_128_HMAC_SHA1_32", "SDES-only-AEAD_AES_256_GCM",
            "SDES-order:AES_CM_128_HMAC_SHA1_80;NULL_HMAC_SHA1_32;",
            "SDES-offerer_pref:AES_CM_128_HMAC_SHA1_80", "SDES-UNENCRYPTED_SRTP", "OSRTP-accept", "OSRTP-offer-RFC",
            "BUNDLE-reject",
            "endpoint-learning-off", "from-tags-a--b", "T38-decode", "T.38-no-V.17", "ICE-reject",
        ]
        let request = try read(["flags": .list(words.map { .string($0) })])
        #expect(request.replace == [.origin, .sessionName])
        #expect(request.rtcpMux == [.offer, .require])
        #expect(request.sdes.options == [.off, .unencryptedSRTP])
        #expect(request.sdes.excluded == ["AES_CM_128_HMAC_SHA1_32"])
        #expect(request.sdes.only == ["AEAD_AES_256_GCM"])
        #expect(request.sdes.order == ["AES_CM_128_HMAC_SHA1_80", "NULL_HMAC_SHA1_32"])
        #expect(request.sdes.offererPreference == ["AES_CM_128_HMAC_SHA1_80"])
        #expect(request.osrtp == [.acceptRFC, .acceptLegacy, .offer])
        #expect(request.bundle == [.reject])
        #expect(request.endpointLearning == .off)
        #expect(request.fromTags == ["a=b"])
        #expect(request.t38 == [.decode, .noV17])
        #expect(request.flags == [.rejectICE])
        #expect(request.warnings.isEmpty)
    }

    private static let operations: [(String, @Sendable (NGCodecOptions) -> [ByteString])] = [
        ("strip", { $0.strip }), ("offer", { $0.offer }), ("except", { $0.except }), ("mask", { $0.mask }),
        ("transcode", { $0.transcode }), ("accept", { $0.accept }), ("consume", { $0.consume }),
        ("ignore", { $0.ignore }),
        ("set", { $0.set }),
    ]

    @Test("codecs, by every operation", arguments: operations)
    func codecs(_ name: String, _ list: @Sendable (NGCodecOptions) -> [ByteString]) throws {
        let expected: [ByteString] = ["PCMA", "iLBC/8000/1///mode=30"]
        let words: NGValue = [.string("codec-\(name)-PCMA"), .string("codec-\(name)-iLBC/8000/1///mode--30")]
        #expect(list(try read(["flags": words]).codec) == expected)
        for value in [["PCMA", "iLBC/8000/1///mode=30"], "PCMA,iLBC/8000/1///mode--30"] as [NGValue] {
            #expect(list(try read(["codec": .dictionary([name: value])]).codec) == expected)
        }
        let string = try read(flagString: "codec-\(name)=PCMA codec-\(name)=[iLBC/8000/1///mode--30]")
        #expect(list(string.codec) == expected)
        #expect(string.keys.contains(.codec))
        #expect(string.warnings.isEmpty)
    }

    @Test("transcode needs no codec- before it, and codec names keep their case")
    func transcode() throws {
        #expect(try read(["flags": ["transcode-AMR-WB"]]).codec.transcode == ["AMR-WB"])
        #expect(try read(flagString: "transcode=PCMA transcode-opus").codec.transcode == ["PCMA", "opus"])
    }

    @Test("flags that are short for something else")
    func shortForms() throws {
        let request = try read([
            "flags": ["all", "always-transcode", "generate-RTCP", "record-call", "no-passthrough", "pad-crypto"]
        ])
        #expect(request.all == .all)
        #expect(request.codec.accept == ["all"])
        #expect(request.generateRTCP == true)
        #expect(request.recordCall == true)
        #expect(request.passthrough == false)
        #expect(request.sdes.options == [.pad])
    }

    @Test("what a browser needs", arguments: ["webrtc", "WebRTC"])
    func webrtc(_ word: String) throws {
        let request = try read(["flags": [.string(word)]])
        #expect(request.transportProtocol == .tlsRTPSAVPF)
        #expect(request.ice == .force)
        #expect(request.rtcpMux == [.offer, .require])
        #expect(request.sdes.options == [.off])
        #expect(request.flags == [.webrtc, .trickleICE, .noRTCPAttribute, .generateMid])
        #expect(request.warnings.isEmpty)
    }

    @Test("a key and its value in one word")
    func keyAndValue() throws {
        let request = try read(["flags": ["direction=pub", "direction=priv", "TOS=184", "to-tag=x", "colour=red"]])
        #expect(request.direction == ["pub", "priv"])
        #expect(request.tos == 184)
        #expect(request.toTag == "x")
        #expect(request.warnings == [.unknownKey("colour")])
    }

    @Test("words of ICE that are no mode")
    func ice() throws {
        let request = try read(["ICE": ["force-relay", "trickle", "ice2", "lite-both"]])
        #expect(request.ice == .forceRelay)
        #expect(request.flags == [.trickleICE])
        #expect(request.usesICE2)
        #expect(request.iceLite == .both)
        #expect(try read(["ICE": "no-lite"]).iceLite == .off)
    }
}

@Suite struct NGAttributeEditsTests {
    private static let expected: NGAttributeEdits = {
        var edits = NGAttributeEdits()
        edits[.session].add = ["sendrecv"]
        edits[.media(.audio)].remove = ["ssrc:", "rtpmap:101 telephone-event/8000"]
        edits[.media(.audio)].substitute = [.init(from: "fmtp:101 0-15", to: "fmtp:126 0-16")]
        edits[.media(.video)].add = ["x=1", "y"]
        return edits
    }()

    @Test("as a dictionary")
    func dictionary() throws {
        let request = try read([
            "sdp-attr": [
                "none": ["add": ["sendrecv"]],
                "audio": [
                    "remove": ["ssrc:", "rtpmap:101 telephone-event/8000"],
                    "substitute": [["fmtp:101 0-15", "fmtp:126 0-16"]],
                ],
                "video": ["add": "x=1,y"],
            ]
        ])
        #expect(request.sdpAttr == Self.expected)
        #expect(request.warnings.isEmpty)
    }

    @Test("as flags")
    func flags() throws {
        let request = try read([
            "flags": [
                "sdp-attr-add-none-sendrecv", "sdp-attr-remove-audio-ssrc:",
                "sdp-attr-remove-audio-rtpmap:101..telephone-event/8000",
                "sdp-attr-substitute-audio-fmtp:101..0-15>fmtp:126..0-16", "SDP-attr-add-video-x--1",
                "sdp-attr-add-video-y",
            ]
        ])
        #expect(request.sdpAttr == Self.expected)
        #expect(request.keys.contains(.sdpAttr))
        #expect(request.warnings.isEmpty)
    }

    @Test("as a flag string")
    func flagString() throws {
        let request = try read(
            flagString: "SDP-attr=[global=[add=[sendrecv]] audio=[remove=[ssrc: rtpmap:101..telephone-event/8000] "
                + "substitute=[[fmtp:101..0-15 fmtp:126..0-16]]] video=[add=[x--1 y]]]")
        #expect(request.sdpAttr == Self.expected)
        #expect(request.warnings.isEmpty)
    }

    @Test("a pair without a list around it")
    func pair() throws {
        let request = try read(["sdp-attr": ["none": ["substitute": ["a", "b"]], "audio": ["substitute": "c>d"]]])
        #expect(request.sdpAttr[.session].substitute == [.init(from: "a", to: "b")])
        #expect(request.sdpAttr[.media(.audio)].substitute == [.init(from: "c", to: "d")])
    }

    @Test(
        "what cannot be understood is a warning",
        arguments: [
            ["tape": ["add": ["x"]]], ["audio": ["paint": ["x"]]], ["audio": "x"], "x",
            ["audio": ["substitute": ["x"]]],
            ["audio": ["substitute": [["x"]]]], ["audio": ["add": [1]]], ["audio": ["substitute": 5]],
        ] as [NGValue])
    func warnings(_ value: NGValue) throws {
        let request = try read(["sdp-attr": value])
        #expect(request.warnings.count == 1)
        #expect(request.sdpAttr.isEmpty)
    }

    @Test(
        "a flag without a section is a warning",
        arguments: ["sdp-attr-add-audio", "sdp-attr-add-tape-x", "sdp-attr-substitute-audio-x"])
    func flagWarnings(_ word: String) throws {
        #expect(try read(["flags": [.string(word)]]).warnings.count == 1)
    }

    @Test("media sections to leave out, and header extensions")
    func others() throws {
        let request = try read([
            "sdp-media-remove": ["video", "image", "tape"], "extmap": ["strip": ["urn:a"], "mask": "urn:b"],
        ])
        #expect(request.sdpMediaRemove == [.video, .image])
        #expect(request.extmap == NGExtensionMap(strip: ["urn:a"], mask: ["urn:b"]))
        #expect(request.warnings == [.unknownValue(.sdpMediaRemove, "tape")])
    }
}

@Suite struct NameTableTests {
    @Test("no spelling stands for two things")
    func unique() {
        func check<Option: NGOption>(_ type: Option.Type) {
            let folded = Option.names.spellings.map {
                $0.lowercased().replacing("_", with: "-").replacing(" ", with: "-")
            }
            #expect(Set(folded).count == folded.count, "\(type)")
            for option in Option.allCases { #expect(Option(ByteString(option.spelling)) == option) }
            #expect(Option.allCases.count <= 128)
        }
        check(NGKey.self)
        check(NGFlag.self)
        check(NGFlagPrefix.self)
        check(NGReplace.self)
        check(NGRTCPMux.self)
        check(NGICE.self)
        check(NGICELite.self)
        check(NGSDES.Option.self)
        check(NGSDES.Prefix.self)
        check(NGOSRTP.self)
        check(NGBundle.self)
        check(NGT38.self)
        check(NGDTLSRole.self)
        check(NGTransportProtocol.self)
        check(NGEndpointLearning.self)
        check(NGMediaType.self)
        check(NGScope.self)
        check(NGDropTraffic.self)
        check(NGSIPMessageType.self)
        check(NGFeature.self)
        check(NGCodecOptions.Operation.self)
        check(NGAttributeEdits.Operation.self)
    }

    @Test("looks words up without regard to case, space, hyphen and underscore, and to nothing else")
    func lookUp() {
        let table = NameTable<Int>(["a-b": 1, "T.38": 2])
        func meaning(_ word: String) -> Int? {
            let bytes = Array(word.utf8)
            return table.meaning(of: bytes.span)
        }
        for word in ["a-b", "A b", "a_B"] { #expect(meaning(word) == 1) }
        for word in ["", "ab", "a--b", "a-b ", "T-38", "t38", "a.b"] { #expect(meaning(word) == nil) }
        #expect(meaning("t.38") == 2)
        #expect(table.spelling(of: 2) == "T.38")
    }

    @Test(
        "the longest beginning counts",
        arguments: [("A_B_c", 2, 4), ("a-c", 1, 2), ("b-", nil, nil)] as [(String, Int?, Int?)])
    func prefix(_ word: String, _ meaning: Int?, _ length: Int?) {
        let table = NameTable<Int>(["a-": 1, "a-b-": 2])
        let bytes = Array(word.utf8)
        let found = table.prefix(of: bytes.span)
        #expect(found?.meaning == meaning)
        #expect(found?.length == length)
    }

    @Test("a set of cases")
    func enumSet() {
        var set: EnumSet<NGReplace> = [.origin, .username]
        set.insert(.origin)
        #expect(set.count == 2)
        #expect(set.elements == [.origin, .username])
        set.remove(.origin)
        #expect(!set.contains(.origin))
        set.formUnion([.zeroAddress])
        #expect(set.intersection([.zeroAddress, .origin]) == [.zeroAddress])
        #expect(set.subtracting([.zeroAddress]) == [.username])
        #expect(EnumSet<NGReplace>().isEmpty)
    }
}
