import Testing
import WireFormat

@testable import NGProtocol

@Suite struct FlagStringParserTests {
    private func words(_ text: String) -> (words: [FlagStringParser.Word], malformed: [Int]) {
        let bytes = Array(text.utf8)
        var parser = FlagStringParser(bytes.span)
        var words: [FlagStringParser.Word] = []
        while let word = parser.next() { words.append(word) }
        return (words, parser.malformed)
    }

    @Test(
        "flags, texts, lists and dictionaries",
        arguments: [
            ("", []), ("  ", []), ("a", [.flag("a")]), (" a  b\r\n\tc ", [.flag("a"), .flag("b"), .flag("c")]),
            ("k=v", [.value(key: "k", "v")]), ("k=v=w", [.value(key: "k", "v=w")]), ("k=", [.flag("k")]),
            ("k=[]", [.value(key: "k", [])]), ("k=[ ]", [.value(key: "k", [])]),
            ("k=[a b] c", [.value(key: "k", ["a", "b"]), .flag("c")]),
            ("k=[ a  b ]c", [.value(key: "k", ["a", "b"]), .flag("c")]),
            ("k=[a=b c=d]", [.value(key: "k", ["a": "b", "c": "d"])]),
            ("k=[a=[b c] d=[e=f]] g", [.value(key: "k", ["a": ["b", "c"], "d": ["e": "f"]]), .flag("g")]),
            ("k=[[a b] [c d]]", [.value(key: "k", [["a", "b"], ["c", "d"]])]),
            ("k=[a b=c]", [.value(key: "k", ["a", "b=c"])]),
            ("k=[a=]", [.value(key: "k", ["a": ""])]), ("k=v]", [.value(key: "k", "v]")]), ("a[b", [.flag("a[b")]),
        ] as [(String, [FlagStringParser.Word])])
    func reads(_ text: String, _ expected: [FlagStringParser.Word]) {
        let (words, malformed) = words(text)
        #expect(words == expected)
        #expect(malformed.isEmpty)
    }

    @Test(
        "skips what cannot be understood, and says where",
        arguments: [
            ("=v a", [.flag("a")], [0]), ("[x y] a", [.flag("a")], [0]), ("] a", [.flag("a")], [0]),
            ("[[x] y a", [], [0]), ("k=[a b", [.value(key: "k", ["a", "b"])], [6]),
            ("k=[a=b", [.value(key: "k", ["a": "b"])], [6]), ("k=[", [.value(key: "k", [])], [3]),
            ("k=[a=b c]", [.value(key: "k", ["a": "b"])], [7]),
            ("k=[a=b [c] d=e]", [.value(key: "k", ["a": "b", "d": "e"])], [7]),
        ] as [(String, [FlagStringParser.Word], [Int])])
    func malformed(_ text: String, _ expected: [FlagStringParser.Word], _ places: [Int]) {
        let (words, malformed) = words(text)
        #expect(words == expected)
        #expect(malformed == places)
    }

    @Test("nesting has a limit; what is deeper is skipped as a whole")
    func depth() {
        func nested(_ depth: Int) -> String {
            "k=" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + " a"
        }
        #expect(words(nested(NGCodec.maximumDepth)).malformed.isEmpty)
        let deeper = words(nested(NGCodec.maximumDepth + 1))
        #expect(deeper.malformed == [2 + NGCodec.maximumDepth])
        #expect(deeper.words.last == .flag("a"))
        #expect(words("k=" + String(repeating: "[", count: 60_000)).words.count == 1)
        #expect(words("k=" + String(repeating: "[a=", count: 20_000)).words.count == 1)
    }

    @Test("no part of a flag string makes the reader stumble")
    func prefixes() {
        let text =
            "replace-origin SDP-attr=[global=[add=[sendrecv]] audio=[remove=[ssrc: b]]] codec=[set=[a b]] x=[[1 2] 3]"
        for length in 0...text.utf8.count { _ = words(String(text.prefix(length))) }
        for start in 0...text.utf8.count { _ = words(String(text.dropFirst(start))) }
        #expect(words(text).malformed.isEmpty)
    }
}

@Suite struct FlagStringRequestTests {
    @Test("a flag string as scripts have it")
    func script() throws {
        let request = try read(
            flagString:
                "replace-origin strict-source label=caller OSRTP-accept address-family=IP4 transport-protocol=RTP/AVP "
                + "ICE=remove rtcp-mux=[demux] replace=[sdp-version] TOS=184 delete-delay=0 metadata=a:b|c:d")
        #expect(request.replace == [.origin, .sdpVersion])
        #expect(request.flags == [.strictSource])
        #expect(request.label == "caller")
        #expect(request.osrtp == [.acceptRFC, .acceptLegacy])
        #expect(request.addressFamily == .ipv4)
        #expect(request.transportProtocol == .rtpAVP)
        #expect(request.ice == .remove)
        #expect(request.rtcpMux == [.demux])
        #expect(request.tos == 184)
        #expect(request.deleteDelay == 0)
        #expect(request.metadata == "a:b|c:d")
        #expect(request.warnings.isEmpty)
    }

    @Test(
        "interfaces, each word one side",
        arguments: ["direction=pub direction=priv", "direction=[pub priv]", "from-interface=pub to-interface=priv"])
    func direction(_ flags: String) throws {
        let request = try read(flagString: flags)
        #expect(request.fromInterface == "pub")
        #expect(request.toInterface == "priv")
    }

    @Test("internal and external are interfaces")
    func internalExternal() throws {
        let request = try read(flagString: "internal external internal")
        #expect(request.direction == ["internal", "external"])
        #expect(request.warnings == [.tooManyDirections])
    }

    @Test(
        "the transport, in whole or in parts",
        arguments: [
            ("RTP/AVP", .rtpAVP), ("RTP/SAVP", .rtpSAVP), ("RTP/AVPF", .rtpAVPF), ("RTP/SAVPF", .rtpSAVPF),
            ("UDP/TLS/RTP/SAVP", .tlsRTPSAVP), ("UDP/TLS/RTP/SAVPF", .tlsRTPSAVPF), ("RTP", .rtpAVP), ("AVP", .rtpAVP),
            ("SRTP", .rtpSAVP), ("AVPF", .rtpAVPF), ("SRTP AVPF", .rtpSAVPF), ("AVPF SRTP", .rtpSAVPF),
            ("DTLS", .tlsRTPSAVP),
            ("DTLS AVPF", .tlsRTPSAVPF), ("SRTP RTP", .rtpAVP), ("RTP/SAVPF AVP", .rtpSAVP),
            ("RTP/SAVPF RTP", .rtpAVPF),
            ("transport-protocol=accept", .accept), ("fatal", nil),
        ] as [(String, NGTransportProtocol?)])
    func transport(_ flags: String, _ expected: NGTransportProtocol?) throws {
        let request = try read(flagString: flags)
        #expect(request.transportProtocol == expected)
        #expect(request.warnings.isEmpty)
    }

    @Test("a tag in the flag string takes the place of the one in the message, and has a meaning of its own")
    func tags() throws {
        let request = try read([
            "from-tag": "a", "to-tag": "b", "call-id": "c", "rtpp-flags": "from-tag=x to-tag=y call-id=z",
        ])
        #expect(request.fromTag == "x")
        #expect(request.toTag == "y")
        #expect(request.callID == "z")
        #expect(request.flags == [.directional, .toTag])
        #expect(try read(["to-tag": "b", "rtpp-flags": "to-tag"]).flags == [.toTag])
    }

    @Test("numbers are texts there")
    func numbers() throws {
        let request = try read(flagString: "digit=3 frequency=344 frequencies=[123 456]")
        #expect(request.number(.digit) == 3)
        #expect(request.rest[.frequencies] == ["123", "456"])
    }

    @Test("an address in brackets is a list of one")
    func brackets() throws {
        #expect(try read(flagString: "media-address=[2001:db8::1]").mediaAddress == IPAddress("2001:db8::1"))
        #expect(try read(flagString: "received-from=[IP4 192.0.2.1]").receivedFrom == IPAddress("192.0.2.1"))
    }

    @Test("space before a value breaks that value only")
    func misplacedSpace() throws {
        let request = try read(
            flagString:
                "replace=[ origin ]  SDP-attr=  [audio=[  remove = [   test   ]  add =  [foo bar]] global=[remove=[x]]] "
                + "rtcp-mux=[offer]")
        #expect(request.replace == [.origin])
        #expect(request.rtcpMux == [.offer])
        #expect(request.sdpAttr.isEmpty)
        #expect(request.warnings == [.unknownFlag("SDP-attr"), .malformedFlagString(offset: 31)])
    }

    @Test("unknown words are warnings")
    func unknown() throws {
        let request = try read(flagString: "fatal colour shape=round")
        #expect(request.flags == [.fatal])
        #expect(request.warnings == [.unknownFlag("colour"), .unknownKey("shape")])
    }

    @Test("templates: configured flag strings by name, and those that always count")
    func templates() throws {
        let templates: [ByteString: ByteString] = ["web": "webrtc label=x", "loop": "template=loop fatal"]
        let request = try read(["template": "web", "label": "y"], templates: templates)
        #expect(request.ice == .force)
        #expect(request.label == "y")
        #expect(try read(flagString: "template=none").warnings == [.unknownTemplate("none")])
        let always = try NGRequest(
            ["command": "offer", "ICE": "remove"], defaults: ["ICE=force fatal"], templates: [:])
        #expect(always.ice == .remove)
        #expect(always.flags == [.fatal])
    }

    @Test("flag strings that contain themselves come to an end")
    func recursion() throws {
        let looping = try read(["template": "loop"], templates: ["loop": "template=loop fatal"])
        #expect(looping.flags == [.fatal])
        #expect(looping.warnings.count == 1)
        let nested = String(repeating: "rtpp-flags=", count: 5000) + "fatal"
        #expect(try read(flagString: nested).flags.isEmpty)
        #expect(try read(["flags": [.string(nested)]]).flags.isEmpty)
    }
}
