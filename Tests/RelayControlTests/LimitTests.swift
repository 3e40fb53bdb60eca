import NGProtocol
import RelayControl
import Testing

@Suite("Limits: sessions and ports")
struct LimitTests {
    @Test("One call too many: `load limit` for who knows it, an error for who does not")
    func sessions() throws {
        let proxy = try TestProxy(maximumSessions: 1)
        #expect(try proxy.offer(SDPText.invite, call: "1").result == "ok")
        let known = try proxy.offer(SDPText.invite, call: "2", with: ["supports": ["load limit"]])
        #expect(known.dictionary == ["result": "load limit", "message": "Parallel session limit reached"])
        let unknown = try proxy.offer(SDPText.invite, call: "2")
        #expect(unknown.dictionary == ["result": "error", "error-reason": "Parallel session limit reached"])
        #expect(try proxy.list() == ["1"])
        #expect(proxy.rejectedCalls == 2)
        #expect(try proxy.offer(SDPText.invite, call: "1").result == "ok", "a running call is not limited")
    }

    @Test("No port left for a new call")
    func portsForNewCall() throws {
        let proxy = try TestProxy(portCount: 4)
        #expect(try proxy.offer(SDPText.audio(), call: "1").result == "ok")
        let refused = try proxy.offer(SDPText.audio(), call: "2")
        #expect(refused.dictionary == ["result": "error", "error-reason": "Ran out of ports"])
        #expect(try proxy.list() == ["1"])
        #expect(proxy.usedPorts == 4)
    }

    @Test("No port left for a re-offer: the call goes on as it was")
    func portsForReoffer() throws {
        let proxy = try TestProxy(portCount: 4)
        let offered = try proxy.offer(SDPText.audio())
        let answered = try proxy.answer(SDPText.audio(at: "198.51.100.2"))
        let before = try proxy.query()
        let refused = try proxy.offer(SDPText.audio(port: 4010), to: "bob")
        #expect(refused.errorReason == "Ran out of ports")
        #expect(try proxy.query().dictionary == before.dictionary)
        #expect(proxy.usedPorts == 4)
        #expect(try proxy.offer(SDPText.audio(), to: "bob").port == offered.port)
        #expect(try proxy.answer(SDPText.audio(at: "198.51.100.2")).port == answered.port)
    }

    @Test("Ports of an offer that got only half of them are given back")
    func halfTheMedia() async throws {
        let proxy = try TestProxy(portCount: 6)
        let twoMedia = SDPText.audio() + SDPText.lines("m=video 4002 RTP/AVP 96", "a=rtpmap:96 H264/90000")
        #expect(try proxy.offer(twoMedia).errorReason == "Ran out of ports")
        #expect(proxy.callCount == 0)
        try await proxy.requireAllPortsFree()
        #expect(try proxy.offer(SDPText.audio()).result == "ok")
    }

    @Test("A call has at most 128 sides; then it goes on as it is")
    func sides() throws {
        let proxy = try TestProxy()
        let empty = SDPText.audio(port: 0)
        let results = try (0..<70).map { try proxy.offer(empty, from: "caller-\($0)") }
        #expect(results.prefix(64).allSatisfy { $0.result == "ok" })
        #expect(results.dropFirst(64).allSatisfy { $0.errorReason == "Invalid dialogue association" })
        #expect(try proxy.offer(empty, from: "caller-0").result == "ok")
        #expect(try proxy.answer(empty, from: "caller-0").result == "ok")
    }

    @Test("Reports that do not fit into a datagram leave out the media, so that they arrive")
    func longReports() throws {
        let proxy = try TestProxy()
        let lines = (0..<40).map { "m=audio \(4000 + 2 * $0) RTP/AVP 8\r\n" }.joined()
        #expect(try proxy.offer(SDPText.audio() + lines).result == "ok")
        #expect(try proxy.answer(SDPText.audio(at: "198.51.100.2") + lines).result == "ok")
        for report in [try proxy.query(), try proxy.delete()] {
            #expect(report.result == "ok")
            #expect(report.tags == ["alice", "bob"])
            #expect(report.side("alice")?["medias"]?.list?.isEmpty == true)
            #expect(report.dictionary["totals"] != nil)
        }
    }

    @Test("Other replies that do not fit become an error, so that nobody waits for them")
    func longReplies() throws {
        let proxy = try TestProxy()
        for index in 0..<20 {
            let call = "\(index)" + String(repeating: "x", count: 4000)
            #expect(try proxy.offer(SDPText.audio(), call: call).result == "ok")
        }
        #expect(try proxy.send(["command": "list"]).errorReason == "Reply too long for a datagram")
        #expect(proxy.statistics.proxies.map(\.errors) == [1])
        #expect(try proxy.send(["command": "list", "limit": 10]).result == "ok")
    }
}
