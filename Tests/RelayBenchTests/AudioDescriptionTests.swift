import RelayBenchKit
import Testing
import WireFormat

@Suite struct AudioDescriptionTests {
    private static func read(_ lines: String...) -> AudioDescription? {
        AudioDescription(Array(lines.joined(separator: "\r\n").utf8))
    }

    @Test("reads what it writes", arguments: ["192.0.2.1:4000", "[2001:db8::1]:65534"])
    func roundTrip(_ text: String) throws {
        let description = AudioDescription(rtp: try #require(TransportAddress(text)), rtcpPort: 1234)
        #expect(AudioDescription(Array(description.text.utf8)) == description)
    }

    @Test("the address of the stream goes before that of the session, wherever relays put it")
    func addresses() {
        let session = Self.read("v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 8", "a=rtcp:4009")
        #expect(session?.rtp.description == "192.0.2.1:4000")
        #expect(session?.rtcp.description == "192.0.2.1:4009")
        let media = Self.read("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 8", "c=IN IP4 192.0.2.2", "a=sendrecv")
        #expect(media?.rtp.description == "192.0.2.2:4000")
        #expect(media?.rtcpPort == 4001)
    }

    @Test("only the first audio stream counts")
    func streams() {
        let video = Self.read(
            "c=IN IP4 192.0.2.1", "m=video 5000 RTP/AVP 96", "m=audio 4000 RTP/AVP 8", "m=audio 6000 RTP/AVP 8",
            "a=rtcp:7000", "c=IN IP4 192.0.2.9")
        #expect(video?.rtp.description == "192.0.2.1:4000")
        #expect(video?.rtcpPort == 4001)
    }

    @Test("line ends may be LF alone, and rtcp may carry an address")
    func lenient() {
        let text = "c=IN IP4 192.0.2.1\nm=audio 65535 RTP/AVP 8\na=rtcp:4001 IN IP4 192.0.2.1\n"
        #expect(AudioDescription(Array(text.utf8))?.rtcpPort == 4001)
        let last = AudioDescription(Array("c=IN IP4 192.0.2.1\nm=audio 65535 RTP/AVP 8\n".utf8))
        #expect(last?.rtcpPort == 65535)
    }

    @Test(
        "refuses what nobody can send to",
        arguments: [
            "", "v=0\r\n", "m=audio 4000 RTP/AVP 8", "c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 8",
            "c=IN IP4 192.0.2.1\r\nm=audio 65536 RTP/AVP 8", "c=IN IP4 192.0.2.1\r\nm=audio",
            "c=IN\r\nm=audio 4000 RTP/AVP 8",
            "c=IN IP4 host.example\r\nm=audio 4000 RTP/AVP 8", "c=IN IP4 192.0.2.1\r\nm=video 4000 RTP/AVP 96",
        ])
    func refuses(_ text: String) {
        #expect(AudioDescription(Array(text.utf8)) == nil)
    }

    @Test("no part of a description traps")
    func prefixes() throws {
        let description = AudioDescription(rtp: try #require(TransportAddress("192.0.2.1:4000")), rtcpPort: 4001)
        let bytes = Array(description.text.utf8)
        for length in 0..<bytes.count {
            let part = AudioDescription(Array(bytes[..<length]))
            #expect(part == nil || part?.rtp.address == description.rtp.address)
        }
    }
}
