import NGProtocol
import RelayCore
import RelayTestSupport
import Testing
import WireFormat

@Suite("Quality of calls that are over, for the metrics")
struct QualityTotalsTests {
    /// Sets a call up, and sends RTP with a hole from one side to the other.
    private func talk(
        through proxy: TestProxy, packets before: Int, missing: Int, packets after: Int
    ) async throws {
        let (alice, bob) = (try await GoldenPhone("alice"), try await GoldenPhone("bob"))
        defer {
            alice.close()
            bob.close()
        }
        func sdp(_ phone: GoldenPhone) -> String {
            "v=0\r\no=- 1 1 IN IP4 \(phone.address)\r\ns=-\r\nc=IN IP4 \(phone.address)\r\nt=0 0\r\n"
                + "m=audio 4000 RTP/AVP 8\r\n"
        }
        _ = try proxy.offer(sdp(alice))
        let port = try proxy.answer(sdp(bob)).port
        let relay = TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: UInt16(port))
        // In one go: a hole of two seconds is no loss, and what comes five seconds later makes another sample.
        try await alice.send(.rtp(8), count: before, missing: missing, then: after, to: relay)
        _ = try await bob.receive(before + after, atRTCPPort: false)
    }

    @Test("A call with a hole in its RTP leaves a score, its loss and a gap")
    func totals() async throws {
        let proxy = try TestProxy()
        try await talk(through: proxy, packets: 3, missing: 2, packets: 3)
        #expect(proxy.relay.qualityTotals == QualityTotals())

        _ = try proxy.delete()
        let totals = proxy.relay.qualityTotals
        #expect(totals.mos.count == 1)
        #expect(totals.mos.sum >= 1 && totals.mos.sum < 4.4)
        #expect(totals.lost == 2)
        #expect(totals.gaps == 1)
        #expect(totals.packetLoss.sum == 25)
        #expect(totals.measuredJitter.count == 1)
        #expect(totals.jitter.count == 0, "nobody has reported anything")
    }

    @Test("An interface shows what came in and went out, also when the call is over; it never falls")
    func interfaces() async throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        try await talk(through: proxy, packets: 3, missing: 1, packets: 1)
        var expected = InterfaceTraffic()
        (expected.ingress.packets, expected.ingress.bytes) = (4, 88)
        expected.egress = expected.ingress
        // A packet arrives before it is counted as sent.
        _ = try? await eventually("the last one is counted") {
            proxy.relay.sweep(at: 0)
            return proxy.relay.interfaceTotals.map(\.traffic) == [expected] ? true : nil
        }
        #expect(proxy.relay.interfaceTotals.map(\.traffic) == [expected])
        _ = try proxy.delete()
        proxy.relay.sweep(at: 0)
        #expect(proxy.relay.interfaceTotals.map(\.traffic) == [expected])
        let quality = try #require(proxy.relay.interfaceTotals.first?.quality)
        #expect(quality.lost == 1)
        #expect(quality.mos.count == 1)
        #expect(quality == proxy.relay.qualityTotals)
    }
}
