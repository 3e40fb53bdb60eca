import NGProtocol
import Testing

@Suite("Calls between IPv4 and IPv6")
struct AddressFamilyTests {
    @Test("The callee is offered an IPv6 address, the caller keeps IPv4")
    func bridge() throws {
        let proxy = try TestProxy(interfaces: ["127.0.0.1", "::1"])
        let offered = try proxy.offer(
            SDPText.invite, with: ["address family": "IP6", "replace": ["origin", "session-connection"]])
        #expect(offered.connection == "c=IN IP6 ::1")
        #expect(offered.lines[1] == "o=alice 111 222 IN IP6 ::1")
        let answered = try proxy.answer(SDPText.audio(at: "2001:db8::2", port: 5000, family: "IP6"))
        #expect(answered.connection == "c=IN IP4 127.0.0.1")
        let stream = try #require(try proxy.query().streams("bob").first)
        #expect(stream["family"] == "IPv6")
        #expect(stream["local address"] == "::1")
        #expect(stream["endpoint"] == ["family": "IPv6", "address": "2001:db8::2", "port": 5000])
    }

    @Test("A re-offer without the option stays with IPv6")
    func familyStays() throws {
        let proxy = try TestProxy(interfaces: ["127.0.0.1", "::1"])
        let offered = try proxy.offer(SDPText.audio(), with: ["address family": "IP6"])
        _ = try proxy.answer(SDPText.audio(at: "2001:db8::2", port: 5000, family: "IP6"))
        let again = try proxy.offer(SDPText.audio(), to: "bob")
        #expect(again.connection == "c=IN IP6 ::1")
        #expect(again.port == offered.port)
    }
}
