import NGProtocol
import Testing

@Suite("A proxy that hears nothing sends the same message again")
struct RetransmissionTests {
    private func offer(call: String) -> [UInt8] {
        let command: NGDictionary = [
            "command": "offer", "call-id": .string(call), "from-tag": "alice", "sdp": .string(SDPText.invite),
        ]
        return Array("1_1 ".utf8) + NGCodec.encode(command, as: .bencode)
    }

    @Test("The same bytes get the same reply, and no second set of ports")
    func repeated() throws {
        let proxy = try TestProxy()
        let first = try #require(proxy.exchange(offer(call: "1")))
        for _ in 0..<5 { #expect(proxy.exchange(offer(call: "1")) == first) }
        #expect(proxy.callCount == 1)
        #expect(proxy.usedPorts == 4)
    }

    @Test("A repeated offer does not bring a deleted call back")
    func repeatedAfterDelete() throws {
        let proxy = try TestProxy()
        let first = try #require(proxy.exchange(offer(call: "1")))
        _ = try proxy.delete(call: "1")
        #expect(proxy.exchange(offer(call: "1")) == first)
        #expect(proxy.callCount == 0)
    }

    @Test("The same cookie with another body is another command")
    func sameCookie() throws {
        let proxy = try TestProxy()
        let first = try #require(proxy.exchange(offer(call: "1")))
        let second = try #require(proxy.exchange(offer(call: "2")))
        #expect(first != second)
        #expect(Set(try proxy.list()) == ["1", "2"])
        #expect(proxy.usedPorts == 8)
    }
}
