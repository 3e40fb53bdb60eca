import NGProtocol
import Testing

@Suite("RTCP: multiplexed with RTP, and how it is announced")
struct RTCPTests {
    @Test("An offer of rtcp-mux keeps a port to fall back to; an answer with it does not")
    func mux() throws {
        let proxy = try TestProxy()
        let offered = try proxy.offer(SDPText.audio("a=rtcp:4000", "a=rtcp-mux"))
        #expect(offered.rtcp == ["a=rtcp:\(offered.port + 1)", "a=rtcp-mux"])
        let answered = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000, "a=rtcp:5000", "a=rtcp-mux"))
        #expect(answered.rtcp == ["a=rtcp:\(answered.port)", "a=rtcp-mux"])
        let flags = try proxy.query().side("alice")?["medias"]?.list?.first?.dictionary?["flags"]?.list ?? []
        #expect(flags.contains("rtcp-mux"))
    }

    @Test("An answer without rtcp-mux falls back to two ports")
    func muxRefused() throws {
        let proxy = try TestProxy()
        _ = try proxy.offer(SDPText.audio("a=rtcp-mux"))
        let answered = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000))
        #expect(answered.rtcp == ["a=rtcp:\(answered.port + 1)"])
    }

    @Test("`demux`: the callee is not offered it, the caller gets it")
    func demux() throws {
        let proxy = try TestProxy()
        let offered = try proxy.offer(SDPText.audio("a=rtcp-mux"), with: ["rtcp-mux": ["demux"]])
        #expect(offered.rtcp == ["a=rtcp:\(offered.port + 1)"])
        let answered = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000))
        #expect(answered.rtcp == ["a=rtcp:\(answered.port)", "a=rtcp-mux"])
    }

    @Test("`full-rtcp-attribute` shows the address as well, after the direction")
    func fullAttribute() throws {
        let offered = try TestProxy().offer(SDPText.audio(), with: ["flags": ["full-rtcp-attribute"]])
        #expect(offered.rtcp == ["a=rtcp:\(offered.port + 1) IN IP4 127.0.0.1"])
        #expect(offered.lines.suffix(2) == ["a=sendrecv", "a=rtcp:\(offered.port + 1) IN IP4 127.0.0.1"])
    }

    @Test("`no-rtcp-attribute` leaves the line out")
    func noAttribute() throws {
        let offered = try TestProxy().offer(SDPText.audio(), with: ["flags": ["no-rtcp-attribute"]])
        #expect(offered.result == "ok")
        #expect(offered.rtcp.isEmpty)
    }
}
