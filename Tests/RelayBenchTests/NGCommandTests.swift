import NGProtocol
import RelayBenchKit
import Testing
import WireFormat

@Suite struct NGCommandTests {
    private static let audio = AudioDescription(
        rtp: TransportAddress(IPAddress(ipv4: 0xC000_0201), port: 4000), rtcpPort: 4001)

    @Test(
        "a template is a whole command for every call",
        arguments: [
            (NGTemplate.Command.offer(audio), "offer", ["from-tag"]),
            (.answer(audio), "answer", ["from-tag", "to-tag"]),
            (.delete, "delete", ["from-tag"]), (.query, "query", []),
        ])
    func commands(_ command: NGTemplate.Command, _ name: String, _ tags: [String]) throws {
        let template = NGTemplate(command, run: "cafe")
        for (call, digits) in [(0, "00000000"), (7, "00000007"), (12_345_678, "12345678")] {
            let (format, dictionary) = try NGCodec.decode(template.body(call: call))
            #expect(format == .bencode)
            #expect(dictionary["command"]?.string?.description == name)
            #expect(dictionary["call-id"]?.string?.description == "relay-bench-cafe-\(digits)")
            for tag in tags { #expect(dictionary[tag]?.string?.isEmpty == false) }
            let sdp = dictionary["sdp"]?.string
            #expect(sdp.flatMap { AudioDescription($0.bytes) } == (tags.isEmpty || name == "delete" ? nil : Self.audio))
        }
    }

    @Test("deletes at once, whatever delay the relay has by default")
    func deleteDelay() throws {
        let (_, dictionary) = try NGCodec.decode(NGTemplate(.delete, run: "x").body(call: 1))
        #expect(dictionary["delete-delay"]?.number == 0)
    }

    @Test(
        "a reply is a success, or says why not",
        arguments: [
            ("d6:result2:oke", nil), ("d6:result4:ponge", nil),
            ("d6:result5:error12:error-reason15:Unknown call-ide", "Unknown call-id"),
            ("d6:result10:load limit7:message5:busy!e", "busy!"), ("d6:result5:errore", "error"), ("de", "no result"),
        ] as [(String, String?)])
    func refusal(_ body: String, _ expected: String?) throws {
        #expect(try #require(NGReply(Array(body.utf8))).refusal == expected)
    }

    @Test("no part of a reply traps or passes for one")
    func prefixes() {
        let body = Array("d6:totalsd3:RTPd7:packetsi12eee6:result2:oke".utf8)
        #expect(NGReply(body)?.total("RTP", "packets") == 12)
        #expect(NGReply(body)?.total("RTCP", "packets") == nil)
        for length in 0..<body.count { #expect(NGReply(Array(body[..<length])) == nil) }
    }

    @Test("a plain success is seen without decoding, and nothing else is")
    func plainlyOK() {
        #expect(NGReply.isPlainlyOK(Array("d3:sdp1:x6:result2:oke".utf8)))
        #expect(!NGReply.isPlainlyOK(Array("d6:result5:errore".utf8)))
        #expect(!NGReply.isPlainlyOK([]))
    }
}
