import NGProtocol
import RelayCore
import RelayTestSupport
import Testing

@Suite("Re-offers: hold, resume and moves")
struct ReofferTests {
    /// A call between alice at port 4000 and bob at port 5000.
    private func call(on proxy: TestProxy) throws -> (towardsBob: UInt16, towardsAlice: UInt16) {
        let offered = try proxy.offer(SDPText.audio(port: 4000))
        let answered = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000))
        return (offered.port, answered.port)
    }

    @Test("Hold with sendonly and recvonly, and resume: the ports stay")
    func hold() throws {
        let proxy = try TestProxy()
        let ports = try call(on: proxy)
        for (offered, answered) in [("a=sendonly", "a=recvonly"), ("a=sendrecv", "a=sendrecv")] {
            let offer = try proxy.offer(SDPText.audio(offered), to: "bob")
            #expect(offer.direction == offered)
            #expect(offer.port == ports.towardsBob)
            let answer = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000, answered))
            #expect(answer.direction == answered)
            #expect(answer.port == ports.towardsAlice)
        }
        #expect(proxy.usedPorts == 4)
    }

    @Test("Old-style hold: 0.0.0.0 is passed on, with sendonly")
    func holdWithZeroAddress() throws {
        let proxy = try TestProxy()
        let ports = try call(on: proxy)
        let held = try proxy.offer(SDPText.audio(at: "0.0.0.0"), to: "bob")
        #expect(held.connection == "c=IN IP4 0.0.0.0")
        #expect(held.direction == "a=sendonly")
        #expect(held.port == ports.towardsBob)
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000, "a=recvonly"))
        let resumed = try proxy.offer(SDPText.audio(), to: "bob")
        #expect(resumed.connection == "c=IN IP4 127.0.0.1")
        #expect(resumed.direction == "a=sendrecv")
        #expect(resumed.port == ports.towardsBob)
    }

    @Test("Who moves is shown to the other side under a new port; the port that faces the mover stays")
    func move() throws {
        let proxy = try TestProxy()
        let ports = try call(on: proxy)
        let moved = try proxy.offer(SDPText.audio(port: 4010), to: "bob")
        #expect(moved.port != ports.towardsBob)
        #expect(try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000)).port == ports.towardsAlice)

        let fromBob = try proxy.offer(SDPText.audio(at: "198.51.100.2", port: 5000), from: "bob", to: "alice")
        #expect(fromBob.port == ports.towardsAlice)
        #expect(try proxy.answer(SDPText.audio(port: 4010), from: "bob", to: "alice").port == moved.port)
    }

    @Test("Moves that are refused, one after the other, do not use up the ports")
    func refusedMoves() async throws {
        let proxy = try TestProxy()
        _ = try call(on: proxy)
        for step in 1...40 { _ = try proxy.offer(SDPText.audio(port: 4000 + 2 * step), to: "bob") }
        _ = try await eventually("only the port in use and the one of the last offer are open") {
            proxy.usedPorts <= 6 ? true : nil
        }
    }

    @Test("A move right after another does not close the port that is in use before it is answered")
    func movesInARow() async throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        _ = try call(on: proxy)
        let first = try proxy.offer(SDPText.audio(port: 4010), to: "bob")
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000))
        let second = try proxy.offer(SDPText.audio(port: 4020), to: "bob")
        proxy.relay.sweep(at: SystemClock.monotonic + Duration.seconds(20).nanoseconds)
        let open = try #require(proxy.relay.snapshot(of: "1@example.com")).sides[1].media[0]
        #expect(open.port?.port == second.port)
        #expect(open.superseded.map(\.port) == [first.port])
    }

    @Test("Who was not told of an m-line can call somebody else without it")
    func hiddenFromTheOfferer() throws {
        let proxy = try TestProxy()
        let video = "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        _ = try proxy.offer(SDPText.audio() + video, with: ["sdp-media-remove": ["audio"]])
        let head = SDPText.lines("v=0", "o=- 1 1 IN IP4 198.51.100.2", "s=-", "c=IN IP4 198.51.100.2", "t=0 0")
        _ = try proxy.answer(head + video)
        let offered = try proxy.offer(head + video, from: "bob", branch: "another")
        #expect(offered.result == "ok")
        #expect(offered.lines.filter { $0.hasPrefix("m=") }.map { String($0.prefix(8)) } == ["m=audio ", "m=video "])
        #expect(offered.ports[0] == 0 && offered.ports[1] != 0)
    }

    @Test("With `port-latching` the port stays when the other side moves")
    func portLatching() throws {
        let proxy = try TestProxy()
        let ports = try call(on: proxy)
        let moved = try proxy.offer(SDPText.audio(port: 4010), to: "bob", with: ["flags": ["port-latching"]])
        #expect(moved.port == ports.towardsBob)
    }
}
