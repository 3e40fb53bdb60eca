import NGProtocol
import Testing

@Suite("Every flag of the protocol has an effect, is refused by name, or makes no difference for a reason")
struct EveryFlagTests {
    /// Why leaving a flag out changes nothing here. A flag that is in neither list nor warned about fails the test.
    private static let harmless: [(reason: String, flags: [NGFlag])] = [
        ("it is what the relay does anyway", [.trustAddress, .symmetric]),
        ("one-way streams go to the kernel like others: nothing waits for the other direction", [.unidirectional]),
        (
            "it tells what the message is about, which tags and branches say already",
            [.provisional, .earlyMedia, .newBranch, .directional, .bidirectional, .inactive]
        ),
        (
            "it belongs to commands other than offer and answer",
            [.toTag, .fatal, .fast, .all, .unsubscribe, .egress, .pause]
        ),
        (
            "nothing is converted, played, delayed or recorded",
            [
                .noJitterBuffer, .discardRecording, .excludeRecording, .skipRecordingDatabase, .allowTranscoding,
                .staticCodecs, .reuseCodecs, .allowAsymmetricCodecs, .allowNoCodecMedia, .passthrough, .noPassthrough,
                .noPlayer, .symmetricCodecs, .asymmetricCodecs, .reorderCodecs,
            ]
        ),
        ("there is no ICE and no DTLS of ours to refuse or to name", [.rejectICE, .noTLSID]),
    ]

    /// Flags with an effect; the golden conversations and the tests of the latch show which.
    private static let effective: [NGFlag] = [
        .sipSourceAddress, .asymmetric, .strictSource, .mediaHandover, .portLatching, .noPortLatching, .pierceNAT,
        .natWait, .loopProtect, .originalSendrecv, .noRTCPAttribute, .fullRTCPAttribute, .singleCodec, .blockDTMF,
        .debug, .noRedisUpdate,
    ]

    @Test(arguments: NGFlag.allCases)
    func flag(_ flag: NGFlag) throws {
        let reply = try TestProxy().offer(SDPText.invite, with: ["flags": [.string(flag.spelling)]])
        #expect(reply.result == "ok")
        let isKnown = Self.effective.contains(flag) || Self.harmless.contains { $0.flags.contains(flag) }
        if isKnown {
            #expect(reply.warning == nil)
        } else {
            #expect(reply.warning?.hasPrefix("not supported: ") == true, "'\(flag.spelling)' is dropped in silence")
        }
    }
}

@Suite("Every key that asks for something is done, refused by name, or makes no difference for a reason")
struct EveryKeyTests {
    private static func options(_ key: String, _ value: NGValue) -> NGDictionary {
        var options = NGDictionary()
        options.append(key, value)
        return options
    }

    @Test(
        "What is not built is named in the reply and counted",
        arguments: [
            ("ICE", "force"), ("ICE", "optional"), ("ICE", "force-relay"), ("ICE-lite", "both"), ("DTLS", "passive"),
            ("DTLS-reverse", "active"), ("DTLS-fingerprint", "sha-256"), ("SDES", ["pad"]),
            ("SDES", ["only-AES_CM_128_HMAC_SHA1_80"]), ("OSRTP", ["offer"]), ("T.38", ["decode"]),
            ("bundle", ["accept"]), ("ptime", 20), ("ptime-reverse", 20), ("record-call", "on"),
            ("codec", ["transcode": ["PCMA"]]), ("codec", ["accept": ["PCMA"]]), ("extmap", ["strip": ["x"]]),
            ("media-echo", "both"), ("generate-RTCP", "on"), ("audio-player", "on"), ("peer", "192.0.2.1"),
            ("inbound-peer", "192.0.2.1"), ("outbound-peer", "192.0.2.1"), ("moh", ["file": "x"]),
            ("DTMF-security", "drop"), ("trigger", "1"), ("delay-buffer", 100), ("DTMF-delay", 100),
            ("dtmf-log-dest", "192.0.2.1:5"), ("xmlrpc-callback", "192.0.2.1"), ("alias-key", "sdp"),
            ("instance", "other"), ("recording-file", "x"), ("recording-dir", "/x"), ("recording-pattern", "x"),
            ("transport-protocol", "RTP/SAVP"),
        ] as [(String, NGValue)])
    func notBuilt(key: String, value: NGValue) throws {
        let reply = try TestProxy().offer(SDPText.invite, with: Self.options(key, value))
        #expect(reply.result == "ok")
        #expect(reply.warning?.hasPrefix("not supported: ") == true)
    }

    @Test(
        "What plain calls carry all the time gives no warning",
        arguments: [
            ("ICE", "remove"), ("ICE", "default"), ("SDES", ["off"]), ("DTLS", "off"), ("TOS", 184),
            ("direction", ["a", "b"]), ("address family", "IP4"), ("received-from", ["IP4", "192.0.2.1"]),
            ("replace", ["origin", "session-connection"]), ("rtcp-mux", ["demux"]), ("supports", ["load limit"]),
            ("transport-protocol", "RTP/AVP"), ("sip-message-type", "sip_request"), ("record-call", "off"),
            ("media address", "192.0.2.1"), ("label", "a"), ("metadata", "m"), ("drop-traffic", "stop"),
            ("endpoint-learning", "delayed"), ("codec", ["strip": ["G722"]]), ("T.38", ["stop"]),
            ("sdp-attr", ["audio": ["add": ["x"]]]), ("sdp-media-remove", ["video"]), ("delete-delay", "5"),
        ] as [(String, NGValue)])
    func built(key: String, value: NGValue) throws {
        let reply = try TestProxy().offer(SDPText.invite, with: Self.options(key, value))
        #expect(reply.result == "ok")
        #expect(reply.warning == nil)
    }

    @Test("Every operation on codecs is done, or named in the reply", arguments: NGCodecOptions.Operation.allCases)
    func codecs(_ operation: NGCodecOptions.Operation) throws {
        let isDone = [.strip, .offer, .except, .mask].contains(operation)
        let word = operation.spelling
        for (key, value) in [("codec", [word: ["G722"]]), ("flags", [.string("codec-\(word)-G722")])]
            as [(String, NGValue)]
        {
            let reply = try TestProxy().offer(SDPText.invite, with: Self.options(key, value))
            #expect(reply.result == "ok")
            let isNamed = reply.warning?.hasPrefix("not supported: codec-") == true
            #expect(isNamed != isDone, "\(key) \(word): \(reply.warning ?? "no warning")")
        }
    }

    @Test("Every wish about crypto suites is named in the reply", arguments: NGSDES.Prefix.allCases)
    func cryptoSuites(_ prefix: NGSDES.Prefix) throws {
        let word = "\(prefix.spelling)AES_CM_128_HMAC_SHA1_80"
        for (key, value) in [("SDES", [.string(word)]), ("flags", [.string("SDES-\(word)")])] as [(String, NGValue)] {
            let reply = try TestProxy().offer(SDPText.invite, with: Self.options(key, value))
            #expect(reply.result == "ok")
            #expect(reply.warning == "not supported: SDES", "\(key) \(word)")
        }
    }
}
