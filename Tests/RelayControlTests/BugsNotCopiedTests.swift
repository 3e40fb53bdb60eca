import NGProtocol
import RelayCore
import RelayTestSupport
import Testing
import WireFormat

/// Where rtpengine is wrong and the relay must not be. What needs a whole process, or several relays, is tested there:
///
/// - SIGHUP ends rtpengine: `ConsoleClientTests`, "SIGHUP takes over what may change …".
/// - Lost notifications, expired keys, zombies and the other holes of its replication: `RedisReplicationTests`,
///   `ReplicationTests`, `SharedCallTests`.
/// - Durations and uptime are texts in NG and numbers in JSON, as clients expect: `StatisticsTests`.
/// - `ksrm` would end running calls: the console refuses it, `ConsoleTests`.
@Suite("Bugs of rtpengine that are not copied")
struct BugsNotCopiedTests {
    @Test("An offer whose SDP cannot be read creates no call")
    func unreadableOffer() throws {
        let proxy = try TestProxy()
        #expect(try proxy.offer("v=0\r\nnonsense\r\n").result == "error")
        #expect(proxy.callCount == 0)
        #expect(try proxy.list().isEmpty)
    }

    @Test("Where every m-line is refused there is an answer, not an error")
    func everythingRefused() throws {
        let proxy = try TestProxy()
        _ = try proxy.offer(SDPText.audio())
        let refused = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 0))
        #expect(refused.result == "ok")
        #expect(refused.lines.contains { $0.hasPrefix("m=audio 0 ") })
    }

    @Test("An error comes without an empty SDP")
    func errorWithoutSDP() throws {
        let reply = try TestProxy().answer(SDPText.ok)
        #expect(reply.dictionary == ["result": "error", "error-reason": "Unknown call-id"])
    }

    @Test("A re-offer that finds no port leaves the call as it was")
    func noPortForReoffer() throws {
        let proxy = try TestProxy(portCount: 4)
        _ = try proxy.offer(SDPText.audio())
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2"))
        #expect(try proxy.offer(SDPText.audio(port: 4010), to: "bob").errorReason == "Ran out of ports")
        #expect(try proxy.query().result == "ok")
        #expect(proxy.usedPorts == 4)
    }

    @Test("The same cookie with another body is another command")
    func reusedCookie() throws {
        let proxy = try TestProxy()
        #expect(try proxy.exchange(body: "d7:command4:pinge") == "d6:result4:ponge")
        #expect(try proxy.exchange(body: "d7:command4:liste") == "d5:callsle6:result2:oke")
    }

    @Test("An interface that nobody has configured is known to be none, though the call goes on without it")
    func unknownInterface() throws {
        let proxy = try TestProxy(interfaces: ["in/127.0.0.1", "out/127.0.0.2"])
        #expect(!proxy.relay.hasInterface(named: "nowhere"))
        let reply = try proxy.offer(SDPText.invite, with: ["direction": ["nowhere", "nowhere"]])
        #expect(reply.connection == "c=IN IP4 127.0.0.1")
    }

    @Test("The version in o= goes on as it came, leading zeros and all")
    func versionWithZeros() throws {
        let sdp = SDPText.audio().replacing("o=- 1 1 ", with: "o=- 1 007 ")
        #expect(try TestProxy().offer(sdp).lines.contains { $0.hasPrefix("o=- 1 007 ") })
    }

    @Test("What an m-line says of its direction counts more than what the session says")
    func direction() throws {
        let sdp = SDPText.audio().replacing("t=0 0\r\n", with: "t=0 0\r\na=inactive\r\n") + "a=sendrecv\r\n"
        #expect(try TestProxy().offer(sdp).direction == "a=sendrecv")
    }

    @Test("A re-offer that does not mention TOS leaves it")
    func tosStays() throws {
        let proxy = try TestProxy()
        _ = try proxy.offer(SDPText.audio(), with: ["TOS": 184])
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2"))
        _ = try proxy.offer(SDPText.audio(), to: "bob")
        #expect(proxy.relay.query(callID: "1@example.com")?.tos == 184)
    }

    @Test("A delete that takes effect at once still shows the local ports")
    func portsInDelete() throws {
        let proxy = try TestProxy()
        let port = Int64(try proxy.offer(SDPText.audio()).port)
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2"))
        #expect(try proxy.delete().localPorts("bob") == [port, port + 1])
    }
}
