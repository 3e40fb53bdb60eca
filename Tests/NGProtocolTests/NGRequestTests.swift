import Testing
import WireFormat

@testable import NGProtocol

@Suite struct NGRequestTests {
    @Test("a Kamailio 5.6 offer")
    func kamailioOffer() throws {
        let request = try NGRequest(try dictionary(of: Kamailio.offer))
        #expect(request.command == .offer)
        #expect(request.callID == "a84b4c76e66710@host.example")
        #expect(request.fromTag == "1928301774")
        #expect(request.toTag == nil)
        #expect(request.viaBranch == "z9hG4bK776asdhds.0")
        #expect(request.sdp?.count == 198)
        #expect(request.supports == [.loadLimit])
        #expect(request.ice == .remove)
        #expect(request.direction == ["pub", "priv"])
        #expect(request.fromInterface == "pub")
        #expect(request.toInterface == "priv")
        #expect(request.flags == [.trustAddress])
        #expect(request.replace == [.origin, .sessionConnection])
        #expect(request.transportProtocol == .rtpAVP)
        #expect(request.receivedFrom == IPAddress("198.51.100.7"))
        #expect(request.warnings.isEmpty)
        #expect(request.rest.isEmpty)
    }

    @Test("a Kamailio 5.6 delete")
    func kamailioDelete() throws {
        let request = try NGRequest(try dictionary(of: Kamailio.delete))
        #expect(request.command == .delete)
        #expect(request.fromTag == "1928301774")
        #expect(request.sdp == nil)
        #expect(request.deleteDelay == nil)
        #expect(request.flags.isEmpty)
        #expect(request.warnings.isEmpty)
    }

    @Test("a Kamailio 6.2 answer, whose flags come after the command")
    func kamailioAnswer() throws {
        let request = try NGRequest(try dictionary(of: Kamailio.answer))
        #expect(request.command == .answer)
        #expect(request.toTag == "a6c85cf")
        #expect(request.sipMessageType == .reply)
        #expect(request.replace == [.origin])
        #expect(request.ice == .remove)
        #expect(request.transportProtocol == .rtpAVP)
        #expect(request.receivedFrom == IPAddress("198.51.100.7"))
        #expect(request.warnings.isEmpty)
    }

    @Test("the order of keys does not matter")
    func order() throws {
        let entries = try dictionary(of: Kamailio.offer).entries
        let request = try NGRequest(NGDictionary(entries.reversed()))
        #expect(request.command == .offer)
        #expect(request.callID == "a84b4c76e66710@host.example")
        #expect(request.replace == [.origin, .sessionConnection])
    }

    @Test(
        "one key, many spellings",
        arguments: [
            "call-id", "call id", "call_id", "call ID", "call-ID", "CALL_ID", "Call-Id",
        ])
    func spellings(_ key: String) throws {
        #expect(try read([key: .string("x"), "command": "offer"]).callID == "x")
    }

    @Test("every spelling of every key is known, and no key changes the meaning of another")
    func keys() throws {
        for spelling in NGKey.names.spellings where spelling != "command" {
            for variant in [
                spelling, spelling.replacing("-", with: " "), spelling.replacing("-", with: "_"), spelling.uppercased(),
                spelling.lowercased(),
            ] {
                let request = try read([variant: .list([])])
                #expect(!request.warnings.contains(.unknownKey(ByteString(variant))))
                let key = try #require(NGKey(ByteString(spelling)))
                #expect(request.keys == [key, .command])
            }
        }
        #expect(Set(NGKey.allCases.map(\.spelling)).count == NGKey.allCases.count)
    }

    @Test("an unknown key is a warning")
    func unknownKey() throws {
        let request = try read(["call-id": "x", "colour": ["red": [1, "two"]]])
        #expect(request.warnings == [.unknownKey("colour")])
        #expect(request.callID == "x")
    }

    @Test("of two values the later counts; the command is the first")
    func duplicates() throws {
        let request = try read([
            "from-tag": "a", "from-tag": "b", "command": "offer", "command": "delete", "flags": ["fatal"],
            "flags": ["fast"],
        ])
        #expect(request.command == .offer)
        #expect(request.fromTag == "b")
        #expect(request.flags == [.fatal, .fast])
    }

    @Test("an empty text is as if the key was not there")
    func emptyText() throws {
        let request = try read(["call-id": "", "to-tag": "", "sdp": ""])
        #expect(request.callID == nil)
        #expect(request.toTag == nil)
        #expect(request.sdp == nil)
        #expect(request.warnings.isEmpty)
    }

    @Test(
        "a number is a number or its digits",
        arguments: [(184, 184), ("184", 184), ("+184", 184), (-1, -1), ("-1", -1), ("0", 0), ("007", 7)]
            as [(NGValue, Int)])
    func numbers(_ value: NGValue, _ number: Int) throws {
        let request = try read(["TOS": value, "limit": value, "ptime": value, "sip-code": value])
        #expect(request.tos == number)
        #expect(request.limit == number)
        #expect(request.ptime == number)
        #expect(request.sipCode == number)
        #expect(request.warnings.isEmpty)
    }

    @Test(
        "what is not a number is a warning, and changes nothing",
        arguments: [
            "", "-", "+", "1x", "x1", " 1", "1 ", "1.5", "0x1", "--1", "99999999999999999999", [1], [:],
        ] as [NGValue])
    func notNumbers(_ value: NGValue) throws {
        let request = try read(["TOS": 184, "TOS": value])
        #expect(request.tos == 184)
        #expect(request.warnings.count == 1)
    }

    @Test(
        "a negative delay is the configured one; the last one said counts",
        arguments: [(-1, nil), (0, 0), (30, 30)] as [(NGValue, Int?)])
    func deleteDelay(_ value: NGValue, _ delay: Int?) throws {
        #expect(try read(["delete delay": value]).deleteDelay == delay)
        #expect(try read(["delete-delay": 7, "delete-delay": value]).deleteDelay == delay)
    }

    @Test(
        "a list is a list, one text, or several with commas",
        arguments: [
            ["origin", "username"], "origin,username", ["username", "origin"], ["ORIGIN", "Username", "origin"],
        ] as [NGValue])
    func lists(_ value: NGValue) throws {
        let request = try read(["replace": value])
        #expect(request.replace == [.origin, .username])
        #expect(request.warnings.isEmpty)
    }

    @Test("a single text is a list of one")
    func singleText() throws {
        #expect(try read(["rtcp-mux": "demux"]).rtcpMux == [.demux])
        #expect(try read(["supports": "load limit"]).supports == [.loadLimit])
        #expect(try read(["flags": "trust-address,loop protect"]).flags == [.trustAddress, .loopProtect])
    }

    @Test(
        "the source address of the SIP message",
        arguments: [["IP4", "192.0.2.1"], "192.0.2.1", ["192.0.2.1"]] as [NGValue])
    func receivedFrom(_ value: NGValue) throws {
        #expect(try read(["received from": value]).receivedFrom == IPAddress("192.0.2.1"))
        #expect(try read(["received-from": ["IP6", "2001:db8::1"]]).receivedFrom == IPAddress("2001:db8::1"))
    }

    @Test(
        "an address that is none is a warning", arguments: [["IP4", "host.example"], "", [], ["IP4"], 5] as [NGValue])
    func badAddress(_ value: NGValue) throws {
        let request = try read(["received-from": value, "media-address": "1.2.3"])
        #expect(request.receivedFrom == nil)
        #expect(request.mediaAddress == nil)
        #expect(request.warnings.last == .unknownValue(.mediaAddress, "1.2.3"))
    }

    @Test("interfaces, by list, by side, or one")
    func interfaces() throws {
        let listed = try read(["direction": ["pub", "priv", "third"], "interface": "one"])
        #expect(listed.direction == ["pub", "priv"])
        #expect(listed.warnings == [.tooManyDirections])
        #expect(listed.interface == "one")
        let named = try read(["to-interface": "b", "from interface": "a"])
        #expect(named.fromInterface == "a")
        #expect(named.toInterface == "b")
        #expect(named.direction.isEmpty)
    }

    @Test("words with one meaning each")
    func choices() throws {
        let request = try read([
            "address family": "IP6", "media address": "2001:db8::1", "transport protocol": "UDP/TLS/RTP/SAVPF",
            "endpoint-learning": "heuristic", "ICE": "force", "ICE-lite": "backwards", "DTLS": "passive",
            "DTLS-reverse": "off", "DTLS-fingerprint": "SHA-256", "drop-traffic": "start", "all": "not-offer-answer",
            "record call": "yes", "generate RTCP": "off", "passthrough": "on", "sip-message-type": "sip_request",
        ])
        #expect(request.addressFamily == .ipv6)
        #expect(request.mediaAddress == IPAddress("2001:db8::1"))
        #expect(request.transportProtocol == .tlsRTPSAVPF)
        #expect(request.endpointLearning == .heuristic)
        #expect(request.ice == .force)
        #expect(request.iceLite == .backward)
        #expect(request.dtls == .passive)
        #expect(request.dtlsReverse == .off)
        #expect(request.dtlsFingerprint == "SHA-256")
        #expect(request.dropTraffic == .start)
        #expect(request.all == .exceptOfferAnswer)
        #expect(request.recordCall == true)
        #expect(request.generateRTCP == false)
        #expect(request.passthrough == true)
        #expect(request.sipMessageType == .request)
        #expect(request.warnings.isEmpty)
    }

    @Test("to stop dropping wins over starting it")
    func dropTraffic() throws {
        #expect(try read(["drop-traffic": "stop", "drop-traffic": "start"]).dropTraffic == .stop)
        #expect(try read(["drop-traffic": "start", "drop-traffic": "stop"]).dropTraffic == .stop)
    }

    @Test("an unknown word is a warning, and changes nothing")
    func unknownWords() throws {
        let request = try read([
            "ICE": "force", "ICE": "melt", "replace": ["origin", "everything"], "transport-protocol": "RTP/XYZ",
            "all": "some",
        ])
        #expect(request.ice == .force)
        #expect(request.replace == [.origin])
        #expect(request.transportProtocol == nil)
        #expect(request.all == nil)
        #expect(
            request.warnings == [
                .unknownValue(.ice, "melt"), .unknownValue(.replace, "everything"),
                .unknownValue(.transportProtocol, "RTP/XYZ"), .unknownValue(.all, "some"),
            ])
    }

    @Test("a value of the wrong kind is a warning", arguments: NGKey.allCases.filter { $0 != .command })
    func wrongTypes(_ key: NGKey) throws {
        for value in [["x": 1], [["x"]], [[:] as NGValue], 5, "\u{7F}", []] as [NGValue] {
            let request = try read([key.spelling: value])
            #expect(request.command == .offer)
            #expect(request.keys.contains(key))
        }
    }

    @Test("values that the keys of call and tags cannot have are ignored")
    func wrongTypeOfText() throws {
        let request = try read(["call-id": 5, "from-tag": ["x"], "sdp": ["v": "0"]])
        #expect(request.callID == nil)
        #expect(request.fromTag == nil)
        #expect(request.sdp == nil)
        #expect(request.warnings == [.wrongType(.callID), .wrongType(.fromTag), .wrongType(.sdp)])
    }

    @Test("keys without a property of their own")
    func rest() throws {
        let request = try read([
            "command": "play media", "file": "/a.wav", "repeat-times": "3", "duration": 500, "calls": ["a", "b"],
        ])
        #expect(request.text(.file) == "/a.wav")
        #expect(request.number(.repeatTimes) == 3)
        #expect(request.number(.duration) == 500)
        #expect(request.rest[.calls] == ["a", "b"])
        #expect(request.text(.blob) == nil)
        #expect(request.keys == [.command, .file, .repeatTimes, .duration, .calls])
    }

    @Test("one message cannot fill a log")
    func manyWarnings() throws {
        let flags = (0..<1000).map { NGValue.string("x\($0)") }
        let request = try read(["flags": .list(flags)])
        #expect(request.warnings.count == NGRequest.maximumWarnings)
        #expect(request.suppressedWarnings == 1000 - NGRequest.maximumWarnings)
    }

    @Test("a warning is one line, whatever the peer sent")
    func warningText() {
        #expect("\(NGWarning.unknownKey("a\nb\u{7F}"))" == "Unknown dictionary key encountered: 'a?b?'")
        #expect("\(NGWarning.unknownFlag("colour"))" == "Unknown flag encountered: 'colour'")
        #expect("\(NGWarning.unknownFlag(ByteString([UInt8](repeating: 65, count: 5000))))".count < 200)
    }
}
