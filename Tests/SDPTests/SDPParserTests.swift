import SDP
import Testing
import WireFormat

@Suite struct SDPParserTests {
    @Test(arguments: [
        ("v=1", SDPError.Reason.notSDP),
        ("v=0\no=- 1 1 IN IP4", .badOrigin),
        ("", .notSDP),
        ("foo", .notSDP),
        ("v=0 \no=- 1 1 IN IP4 198.51.100.1", .notSDP),
        ("v=00", .notSDP),
        ("\u{FEFF}v=0", .notSDP),
        (session("x=1"), .unknownLine),
        (session("audio"), .malformedLine),
        (session("v=0"), .secondSession),
        (session("c=IN IP4 198.51.100.1"), .duplicateLine),
        (session("o=- 1 1 IN IP4 198.51.100.1"), .duplicateLine),
        (session("m=audio 4000 RTP/AVP 0\ns=-"), .misplacedLine),
        (session("m=audio 4000 RTP/AVP 0\nc=IN IP4 host.example"), .badConnection),
        (session("m=audio 4000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127"), .badConnection),
        (session("m=audio 4000 RTP/AVP 0\nc=IN IP6 198.51.100.1"), .badConnection),
        (session("m=audio 4000"), .badMediaLine),
        (session("m=audio x RTP/AVP 0"), .badMediaLine),
        (session("m=audio 65536 RTP/AVP 0"), .badMediaLine),
        (session("m=audio 99999999999999999999999 RTP/AVP 0"), .badMediaLine),
        (session("m=audio 4000/0 RTP/AVP 0"), .badMediaLine),
        (session("m=audio 4000/11 RTP/AVP 0"), .badMediaLine),
        (session("m=audio 4000/ RTP/AVP 0"), .badMediaLine),
        (session("m=audio -1 RTP/AVP 0"), .badMediaLine),
        (session("m=audio 4000 RTP/AVP 128"), .badPayloadType),
        (session("m=audio 4000 RTP/AVP x"), .badPayloadType),
        (session("c=IN IP4 198.51.100.1/127"), .duplicateLine),
        (session("m=audio 4000 RTP/AVP 0\nc=IN IP4 198.51.100.1\nc=IN IP4 198.51.100.1"), .duplicateLine),
        (session("m=audio 4000 RTP/AVP 0\nc=XX IP4 198.51.100.1"), .badConnection),
        (session("m=audio 4000 RTP/AVP 0\nc=IN IP4"), .badConnection),
        (session("m=audio 4000 RTP/AVP 0\nc=IN IP4 198.51.100.1 x"), .badConnection),
        (session("m=audio 4000 RTP/AVP 0 -1"), .badPayloadType),
        ("v=0\no=- 1 1 IN IP4 198.51.100.1\nm=audio 4000 RTP/AVP 0", .noConnection),
        ("v=0\nm=audio 4000 RTP/AVP 999", .noConnection),
        // What cannot be read at all comes before what is incomplete.
        (session("m=audio 4000 RTP/AVP 999\nx=1"), .unknownLine),
        ("v=0\nm=audio 4000 RTP/AVP 0\nm=audio", .badMediaLine),
    ])
    func refuses(_ lines: String, because reason: SDPError.Reason) {
        let error = #expect(throws: SDPError.self) { try parse(lines) }
        #expect(error?.reason == reason)
    }

    @Test(arguments: [
        ("m=audio 4000 RTP/AVP 999", "Incomplete SDP specification", 6),
        ("m=audio 4000 RTP/AVP 0\nm=video 65536 RTP/AVP 0", "Failed to parse SDP", 7),
        ("m=audio 4000 RTP/AVP 0\nc=IN IP4 host.example", "Failed to parse SDP", 7),
    ])
    func errorNamesTheLine(_ lines: String, _ text: String, _ line: Int) {
        let error = #expect(throws: SDPError.self) { try parse(session(lines)) }
        #expect(error?.errorReason == text)
        #expect(error?.line == line)
    }

    @Test func missingConnectionIsIncomplete() {
        let error = #expect(throws: SDPError.self) { try parse("v=0\no=- 1 1 IN IP4 x\nm=audio 1 RTP/AVP 0\na=x") }
        #expect(error?.errorReason == "Incomplete SDP specification")
        #expect(error?.line == 3)
    }

    @Test func withoutOriginOneIsMade() throws {
        let lines = "v=0\nc=IN IP4 198.51.100.1\nm=audio 4000 RTP/AVP 0"
        let origins = try [lines, lines, lines + " 8"].map { lines in
            let document = try parse(lines)
            let output = text(document.composed(with: SDPRewrite()))
            return try #require(output.split(separator: "\n").first { $0.hasPrefix("o=") }).description
        }
        #expect(origins[0].wholeMatch(of: /o=- [0-9]{1,19} 0 IN IP4 198\.51\.100\.1/) != nil)
        #expect(origins[0] == origins[1], "the same body is the same session")
        #expect(origins[0] != origins[2], "a changed body must not look like a repetition")
    }

    @Test(arguments: [
        ("a=rtcp-mux", true), ("a=rtcp:4000", true), ("a=rtcp:4000 IN IP4 198.51.100.1", true),
        ("a=rtcp:4001", false), ("a=rtcp:4000 IN IP4 198.51.100.2", false), ("a=X", false),
    ])
    func rtcpMux(_ line: String, _ isMuxed: Bool) throws {
        #expect(try parse(session("m=audio 4000 RTP/AVP 0\n\(line)")).media.first?.rtcpMux == isMuxed)
    }

    @Test func rtcpOnThePortOfICEYetToCome() throws {
        let lines = "v=0\nc=IN IP4 0.0.0.0\nm=audio 9 RTP/AVP 0\na=rtcp:9 IN IP4 0.0.0.0"
        #expect(try parse(lines).media.first?.rtcpMux == false)
    }

    @Test(arguments: [
        ("a=sendonly ", MediaDirection.sendonly), ("a=sendonly\na=inactive", .sendonly), ("a=SENDONLY", .sendrecv),
    ])
    func direction(_ lines: String, _ direction: MediaDirection) throws {
        #expect(try parse(session("m=audio 4000 RTP/AVP 0\n\(lines)")).media.first?.direction == direction)
    }

    @Test func somethingBehindAPayloadType() throws {
        let media = try #require(try parse(session("m=audio 4000 RTP/AVP 8 101x")).media.first)
        #expect(media.payloadTypes == [8, 101])
    }

    @Test func lastOctetAloneIsNoLine() throws {
        #expect(try SDPDocument(parsing: body(aliceOffer) + [UInt8(ascii: "x")]).media.count == 1)
    }

    @Test func octetsThatAreNoText() throws {
        let lines = Array("a=X-\0:\0\r\n".utf8) + Array("a=X:".utf8) + [0xFF, 0xFE, 0xC3, 0x28, 0x80, 13, 10]
        let document = try SDPDocument(parsing: body(session("m=audio 4000 RTP/AVP 0")) + lines)
        var change = SDPRewrite()
        change.media = [relayed()]
        let output = document.composed(with: change)
        #expect(output.indices.contains { output[$0...].starts(with: lines) })
    }

    @Test func limits() {
        func reason(_ lines: String) -> SDPError.Reason? {
            #expect(throws: SDPError.self) { try parse(lines) }?.reason
        }
        let formats = String(repeating: " 0", count: SDPLimits.formatsPerMedia + 1)
        let sections = String(repeating: "m=audio 4000 RTP/AVP 0\n", count: SDPLimits.mediaSections + 1)
        #expect(reason(session("m=audio 4000 RTP/AVP\(formats)")) == .tooManyFormats)
        #expect(reason(session(sections)) == .tooManyMediaSections)
        #expect(reason(session(String(repeating: "a=\n", count: SDPLimits.lines))) == .tooManyLines)
        #expect(reason(session("a=\(String(repeating: "x", count: SDPLimits.octets))")) == .tooLarge)
    }

    @Test func mediaLine() throws {
        let document = try parse(session("m=audio  4000/2   rtp/avp 8  8 0\na=rtcp:4009\na=label:7"))
        let media = try #require(document.media.first)
        #expect((media.port, media.portCount) == (4000, 2))
        #expect(media.transport == .rtpAVP)
        #expect(media.kind == .audio)
        #expect(media.formats == ["8", "8", "0"])
        #expect(media.payloadTypes == [8, 0])
        #expect(media.firstCodec == "PCMA/8000")
        #expect(media.rtcp == nil, "with several ports nobody can say whose RTCP is meant")
        #expect(media.label == "7")
    }

    @Test(arguments: [("18446744073709551615", UInt64.max), ("007", 7), ("x", 0), ("99999999999999999999", 0)])
    func originVersion(_ version: String, _ number: UInt64) throws {
        let document = try parse("v=0\no=- 1 \(version) IN IP4 host.example\ns=-")
        #expect(document.session.version == number)
        #expect(text(document.composed(with: SDPRewrite())).contains("o=- 1 \(version) IN IP4 host.example\n"))
    }

    @Test func emptyLineEndsTheBody() throws {
        let document = try SDPDocument(parsing: body(aliceOffer) + Array("\r\nnot SDP".utf8))
        #expect(document.media.count == 1)
        #expect(
            document.composed(with: verbatim(document)) == (try parse(aliceOffer)).composed(with: verbatim(document)))
    }

    @Test func hostileNumbersAreHarmless() throws {
        let huge = String(repeating: "9", count: 400)
        let document = try parse(
            session(
                """
                b=AS:\(huge)
                b=TIAS:-\(huge)
                m=audio 4000 RTP/AVP 0 96
                a=ptime:\(huge)
                a=maxptime:0
                a=rtcp:\(huge)
                a=rtpmap:\(huge) x/1
                a=rtpmap:96 x/\(huge)
                a=fmtp:128 x
                """))
        let media = try #require(document.media.first)
        #expect((media.ptime, media.maxptime) == (nil, nil))
        #expect(media.rtcp == nil)
        var change = SDPRewrite()
        change.media = [relayed()]
        let output = text(document.composed(with: change))
        #expect(output.hasSuffix("c=IN IP4 203.0.113.1\na=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30001\n"))
    }

    @Test func everyPrefixIsReadOrRefused() {
        let whole = body(aliceOffer + "\nm=message 2855 TCP/MSRP *\nc=IN IP6 ::1\na=rtcp:1 IN IP4 192.0.2.1")
        var accepted = 0
        for length in 0...whole.count {
            guard let document = try? SDPDocument(parsing: Array(whole[..<length])) else { continue }
            accepted += 1
            for media in [relayed(), .verbatim, .rejected(family: .ipv6, mid: nil)] {
                var change = SDPRewrite()
                change.media = document.media.map { _ in media }
                let output = document.composed(with: change)
                #expect((try? SDPDocument(parsing: output))?.media.count == document.media.count)
            }
        }
        #expect(accepted > 100)
    }

    private func verbatim(_ document: SDPDocument) -> SDPRewrite {
        var change = SDPRewrite()
        change.media = document.media.map { _ in .verbatim }
        return change
    }
}
