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

    @Test("An m-line that is refused is shown in the family of whom it is shown to")
    func refusedMedia() throws {
        let video = { (port: Int) in "m=video \(port) RTP/AVP 31\r\n" }
        let proxy = try TestProxy(interfaces: ["127.0.0.1", "::1"])
        _ = try proxy.offer(SDPText.audio() + video(4002), with: ["address family": "IP6"])
        let answered = try proxy.answer(SDPText.audio(at: "2001:db8::2", port: 5000, family: "IP6") + video(0))
        #expect(answered.ports.last == 0)
        #expect(answered.connections == ["c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"])
        let again = try proxy.offer(SDPText.audio() + video(0), to: "bob")
        #expect(again.connections == ["c=IN IP6 ::1", "c=IN IP6 ::"])
    }

    @Test("So is one that is offered as refused, and one that nobody has offered")
    func refusedAnyway() throws {
        let video = { (port: Int) in "m=video \(port) RTP/AVP 31\r\n" }
        let proxy = try TestProxy(interfaces: ["127.0.0.1", "::1"])
        let options: NGDictionary = ["address family": "IP6"]
        let offered = try proxy.offer(SDPText.audio() + video(0), with: options)
        #expect(offered.connections == ["c=IN IP6 ::1", "c=IN IP6 ::"])
        let nothing = try proxy.offer(SDPText.audio(port: 0), call: "2@example.com", with: options)
        #expect(nothing.connections == ["c=IN IP6 ::"])

        let towardsIPv6 = try TestProxy(interfaces: ["127.0.0.1", "::1"])
        let caller = SDPText.audio(at: "2001:db8::1", family: "IP6")
        _ = try towardsIPv6.offer(caller, with: ["address family": "IP4"])
        let answered = try towardsIPv6.answer(SDPText.ok + video(5002))
        #expect(answered.connections == ["c=IN IP6 ::1", "c=IN IP6 ::"])
    }
}
