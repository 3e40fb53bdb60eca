import NGProtocol
import Testing
import WireFormat

@Suite("Query and delete: what the relay tells about a call")
struct ReportTests {
    /// A call between ft and tt.
    private func call(on proxy: TestProxy) throws -> (towardsCallee: Int64, towardsCaller: Int64) {
        let offered = try proxy.offer(SDPText.invite, from: "ft")
        let answered = try proxy.answer(SDPText.ok, from: "ft", to: "tt")
        return (Int64(offered.port), Int64(answered.port))
    }

    @Test("A query shows both sides, our ports and their addresses")
    func query() throws {
        let proxy = try TestProxy()
        let ports = try call(on: proxy)
        let report = try proxy.query()
        #expect(report.result == "ok")
        #expect(report.tags == ["ft", "tt"])
        #expect(report.localPorts("ft") == [ports.towardsCaller, ports.towardsCaller + 1])
        #expect(report.localPorts("tt") == [ports.towardsCallee, ports.towardsCallee + 1])
        for key in ["created", "created_us", "created_ts", "last signal", "last redis update"] {
            guard case .integer = report.dictionary[key] else {
                Issue.record("\(key) is not a number")
                continue
            }
        }
        let side = try #require(report.side("ft"))
        #expect(side["tag"] == "ft")
        #expect(side["subscriptions"] == [["tag": "tt", "type": "offer/answer"]])
        #expect(side["subscribers"] == [["tag": "tt", "type": "offer/answer"]])
        let media = try #require(side["medias"]?.list?.first?.dictionary)
        #expect(media["index"] == 1)
        #expect(media["type"] == "audio")
        #expect(media["protocol"] == "RTP/AVP")
        #expect(media["flags"] == ["initialized", "send", "recv"])
        let none: NGValue = ["packets": 0, "bytes": 0, "errors": 0]
        #expect(report.dictionary["totals"] == ["RTP": none, "RTCP": none])
    }

    @Test("A stream shows its endpoint, its flags and its counters")
    func streams() throws {
        let proxy = try TestProxy()
        _ = try call(on: proxy)
        let streams = try proxy.query().streams("ft")
        try #require(streams.count == 2)
        for (stream, (port, name)) in zip(streams, [(Int64(4000), "RTP"), (4001, "RTCP")]) {
            let endpoint: NGValue = ["family": "IPv4", "address": "198.51.100.1", "port": .integer(port)]
            #expect(stream["endpoint"] == endpoint)
            #expect(stream["advertised endpoint"] == endpoint)
            #expect(stream["local address"] == "127.0.0.1")
            #expect(stream["family"] == "IPv4")
            #expect(stream["flags"] == [.string(name), "filled"])
            #expect(stream["stats"] == ["packets": 0, "bytes": 0, "errors": 0])
            #expect(stream["stats_out"] == ["packets": 0, "bytes": 0, "errors": 0])
        }
    }

    @Test("A delete tells the call's last state; a second one finds nothing and only warns")
    func deleteTwice() async throws {
        let proxy = try TestProxy()
        let ports = try call(on: proxy)
        let noSuchTag = try proxy.delete(from: "nope")
        #expect(noSuchTag.dictionary == ["warning": "Call-ID not found or tags didn't match", "result": "ok"])
        #expect(try proxy.list() == ["1@example.com"])

        let report = try proxy.delete(from: "ft")
        #expect(report.result == "ok")
        #expect(report.warning == nil)
        #expect(report.tags == ["ft", "tt"])
        #expect(report.localPorts("tt") == [ports.towardsCallee, ports.towardsCallee + 1])
        #expect(try proxy.list().isEmpty)
        try await proxy.requireAllPortsFree()

        let again = try proxy.delete(from: "ft")
        #expect(again.dictionary == ["warning": "Call-ID not found or tags didn't match", "result": "ok"])
    }

    @Test("A delete that must find its call says so when it does not")
    func fatalDelete() throws {
        let proxy = try TestProxy()
        let reply = try proxy.delete(with: ["flags": ["fatal"]])
        #expect(reply.result == "error")
        #expect(reply.errorReason == "Call-ID not found or tags didn't match")
    }
}
