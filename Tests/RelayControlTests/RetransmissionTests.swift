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

    @Test("A cookie of any length without a space is one: drachtio sends UUIDs")
    func longCookies() throws {
        let proxy = try TestProxy()
        for cookie in ["8f6a3f0e-4f7c-4a55-9d3e-0c5d3b0f5a11", String(repeating: "x", count: 2_000)] {
            let reply = try #require(proxy.exchange(Array("\(cookie) d7:command4:pinge".utf8)))
            #expect(String(decoding: reply, as: UTF8.self) == "\(cookie) d6:result4:ponge")
        }
    }
}
