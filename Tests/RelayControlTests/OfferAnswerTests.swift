import NGProtocol
import RelayCore
import Testing

@Suite("Offer and answer: what each side gets to see")
struct OfferAnswerTests {
    private let replaceOrigin: NGDictionary = ["replace": ["origin", "session-connection"]]

    @Test("The offer goes on with our address and port, line for line as rtpengine writes it")
    func offer() throws {
        let proxy = try TestProxy()
        let reply = try proxy.offer(SDPText.invite, with: replaceOrigin)
        let port = reply.port
        #expect(
            reply.sdp
                == SDPText.lines(
                    "v=0", "o=alice 111 222 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio \(port) RTP/AVP 8 0 101",
                    "c=IN IP4 127.0.0.1", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000",
                    "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=X-foo:bar", "a=sendrecv",
                    "a=rtcp:\(port + 1)", "a=ptime:20"))
        #expect(port % 2 == 0 && proxy.ports.contains(UInt16(port)))
        #expect(reply.dictionary.entries.map { "\($0.key)" } == ["sdp", "result"])
        #expect(reply.result == "ok")
    }

    @Test("The answer goes back the same way, with the offer's packet time")
    func answer() throws {
        let proxy = try TestProxy()
        let offered = try proxy.offer(SDPText.invite, with: replaceOrigin)
        let reply = try proxy.answer(SDPText.ok, with: replaceOrigin)
        let port = reply.port
        #expect(
            reply.sdp
                == SDPText.lines(
                    "v=0", "o=bob 333 444 IN IP4 127.0.0.1", "s=B", "t=0 0", "m=audio \(port) RTP/AVP 8 101",
                    "c=IN IP4 127.0.0.1", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
                    "a=fmtp:101 0-15", "a=sendrecv", "a=rtcp:\(port + 1)", "a=ptime:20"))
        #expect(port != offered.port)
        #expect(reply.result == "ok")
        #expect(proxy.usedPorts == 4)
    }

    @Test("Without `replace` the o= line stays as it was")
    func originStays() throws {
        let proxy = try TestProxy()
        #expect(try proxy.offer(SDPText.invite).lines[1] == "o=alice 111 222 IN IP4 198.51.100.1")
    }

    @Test("A body whose only m-line is rejected is no error")
    func allRejected() throws {
        let proxy = try TestProxy()
        let rejected = SDPText.audio(at: "0.0.0.0", port: 0)
        let reply = try proxy.offer(rejected)
        #expect(reply.result == "ok")
        #expect(reply.ports == [0])
        #expect(reply.lines.contains("m=audio 0 RTP/AVP 8"))
    }

    @Test("An answer that rejects the only m-line gives its ports back, once no other answer can come")
    func answerRejects() async throws {
        let proxy = try TestProxy()
        _ = try proxy.offer(SDPText.invite)
        let reply = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 0))
        #expect(reply.result == "ok")
        #expect(reply.ports == [0])
        #expect(try proxy.query().localPorts("alice").isEmpty)
        proxy.relay.sweep(at: SystemClock.monotonic + Duration.seconds(33).nanoseconds)
        try await proxy.requireAllPortsFree()
    }

    @Test("Each m-line gets its own ports, all different")
    func severalMedia() throws {
        let proxy = try TestProxy()
        let reply = try proxy.offer(
            SDPText.invite + SDPText.lines("m=video 4002 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=inactive"))
        #expect(reply.ports.count == 2)
        #expect(reply.ports[0] != reply.ports[1])
        #expect(reply.lines.contains("a=inactive"))
        #expect(proxy.usedPorts == 8)
    }
}
