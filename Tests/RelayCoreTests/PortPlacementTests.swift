import RelayCore
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// Which ports the calls of a media thread get, when ports follow threads.
@Suite struct PortPlacementTests {
    private static let body = Array(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n".utf8)

    /// The plane that a relay has made for itself.
    private final class Made: Sendable {
        let plane = Mutex<NotingPlane?>(nil)
        var opened: [(port: UInt16, worker: UInt16)] { plane.withLock { $0?.opened ?? [] } }
    }

    private static func relay(
        threads: Int, node: String, on network: LoopbackNetwork, made: Made
    ) throws(RelayError) -> Relay {
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: network.host(1))])
        configuration.ports = network.ports
        configuration.mediaThreads = threads
        configuration.pinsMediaThreads = true
        configuration.node = node
        return try Relay(configuration, runsHousekeeping: false) { plane in
            let noting = NotingPlane(plane)
            made.plane.withLock { $0 = noting }
            return noting
        }
    }

    @Test("all ports of a call are its thread's, also where the call goes on elsewhere")
    func placement() async throws {
        let network = try LoopbackNetwork(portCount: 1_000)
        let (first, second) = (Made(), Made())
        let lanes = PortLanes(count: 4)
        let relay = try Self.relay(threads: 4, node: "a", on: network, made: first)
        for number in 0..<8 {
            let id = ByteString("\(number)@host")
            _ = try relay.offer(Offer(callID: id, fromTag: "a", sdp: Self.body))
            _ = try relay.answer(Answer(callID: id, fromTag: "a", toTag: "b", sdp: Self.body))
        }
        let opened = first.opened
        #expect(opened.count == 32)
        #expect(Set(opened.map(\.worker)) == [0, 1, 2, 3])
        #expect(opened.allSatisfy { lanes.lane(of: $0.port) == Int($0.worker) })

        let snapshots = (0..<8).compactMap { relay.snapshot(of: ByteString("\($0)@host")) }
        relay.stop()
        for port in opened.map(\.port) { try await network.requireFree(port) }
        let heir = try Self.relay(threads: 4, node: "b", on: network, made: second)
        // In another order, so that taking turns would not do.
        for snapshot in snapshots.reversed() { heir.apply(snapshot) }
        let restored = second.opened
        #expect(restored.count == 32)
        #expect(restored.allSatisfy { lanes.lane(of: $0.port) == Int($0.worker) })
        heir.stop()
    }
}
