import Foundation
import RelayTestSupport
import Testing
import WireFormat

/// A relay that has never reached its Redis, and that everybody uses since there is no other one.
@Suite(
    "At the last resort", .serialized, .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct LastResortTests {
    @Test("a call that is silent ends, as long as packets of others come", .timeLimit(.minutes(10)))
    func timesOut() async throws {
        try await withTestRun("last-resort-timeout") { run in
            let network = try LoopbackNetwork(portCount: 60)
            let first = network.ports.lowerBound
            var options = RelayProcess.Options(
                control: TransportAddress(network.host(1), port: first), media: network.host(1),
                mediaPorts: first + 10...first + 59)
            // Nobody listens at port 1.
            options.others = [
                "--redis=127.0.0.1:1/1", "--no-redis-required", "--timeout=6",
                "--announce=exec:echo $LEVEL >>\(run.path(of: "routes"))",
            ]
            let relay = try await RelayProcess.start(options, in: run)
            let routes = run.path(of: "routes")
            _ = try await eventually("it is the last resort; it says: \(relay.process.lastLines)") {
                (try? String(contentsOfFile: routes, encoding: .utf8))?.hasSuffix("last-resort\n") == true ? true : nil
            }
            let phone = try await UDPEndpoint(at: TransportAddress(network.host(2), port: first + 2))
            defer { phone.close() }
            func call(_ id: String) async throws -> TransportAddress {
                let sdp =
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 \(network.host(2))\r\nt=0 0\r\n"
                    + "m=audio \(first + 2) RTP/AVP 8\r\n"
                let parts =
                    "7:call-id\(id.utf8.count):\(id)8:from-tag1:f6:to-tag1:t3:sdp\(sdp.utf8.count):\(sdp)e"
                _ = try await relay.client.send("d7:command5:offer" + parts)
                let answer = try await relay.client.send("d7:command6:answer" + parts)
                let port = try #require(answer.firstMatch(of: #/m=audio ([0-9]+)/#).flatMap { UInt16($0.1) })
                return TransportAddress(network.host(1), port: port)
            }
            let target = try await call("talks")
            _ = try await call("silent")
            let packet: [UInt8] = [0x80, 8, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4] + [UInt8](repeating: 0xD5, count: 160)
            _ = try await eventually("the silent one is over", every: .milliseconds(100)) {
                try await phone.send(packet, to: target)
                return try await relay.client.send("d7:command4:liste").contains("6:silent") ? nil : true
            }
            #expect(try await relay.client.send("d7:command4:liste").contains("5:talks"))
            #expect(relay.process.log.contains("not in step"))
        }
    }
}
