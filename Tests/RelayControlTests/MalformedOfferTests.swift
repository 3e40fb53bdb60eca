import Testing

@Suite("Bad input leaves nothing behind")
struct MalformedOfferTests {
    @Test("A refused first offer makes no call and holds no port")
    func refused() async throws {
        let proxy = try TestProxy()
        #expect(try proxy.offer("foo").errorReason == "Failed to parse SDP")
        #expect(try proxy.list().isEmpty)
        #expect(proxy.callCount == 0)
        try await proxy.requireAllPortsFree()
    }

    @Test("A refused re-offer or answer leaves the call as it was")
    func callStays() throws {
        let proxy = try TestProxy()
        _ = try proxy.offer(SDPText.invite)
        _ = try proxy.answer(SDPText.ok)
        let before = try proxy.query()
        #expect(try proxy.offer("v=0\r\nrubbish\r\n").errorReason == "Failed to parse SDP")
        #expect(try proxy.answer("v=0\r\nrubbish\r\n").errorReason == "Failed to parse SDP")
        #expect(try proxy.query().dictionary == before.dictionary)
    }

    @Test("Every beginning of an offer gets a reply, and all ports are free after a delete")
    func prefixes() async throws {
        let proxy = try TestProxy()
        var accepted = 0
        for length in 0..<SDPText.invite.utf8.count {
            let sdp = String(decoding: SDPText.invite.utf8.prefix(length), as: UTF8.self)
            let reply = try proxy.offer(sdp, call: "\(length)")
            #expect(reply.result == "ok" || reply.errorReason != nil, "\(length) octets")
            #expect(proxy.callCount == (reply.result == "ok" ? 1 : 0), "\(length) octets")
            if reply.result == "ok" { accepted += 1 }
            _ = try proxy.delete(call: "\(length)")
        }
        #expect(accepted > 0, "the offer is valid long before its last attribute")
        #expect(try proxy.list().isEmpty)
        try await proxy.requireAllPortsFree()
    }
}
