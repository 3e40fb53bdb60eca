import RelayTestSupport
import Testing
import WireFormat

@testable import RelayCore

/// What the control plane sees of a user plane.
@Suite("User plane", .serialized, .timeLimit(.minutes(10)))
struct UserPlaneTests {
    /// Of each test alone.
    private let local: IPAddress
    private static let call = Call(id: "1", worker: 0, state: CallState(tos: 0, wall: 1, monotonic: 1, node: "a"))

    init() throws { local = try LoopbackNetwork(portCount: 2).host(1) }

    private func draw() throws -> PortPair {
        try #require(PortPool(address: local, range: 24_400...24_401).draw())
    }

    @Test("a slot that is used again has counted nothing, also before the media thread has heard of that")
    func reuse() async throws {
        let plane = try UserPlane(threads: 1, capacity: 1, isPinned: false, listener: Poller())
        defer { plane.stop() }
        let pair = try draw()
        let first = try plane.open(.rtp, of: pair, tos: 0, worker: 0, owner: Self.call)
        let latch = SourceLatch(signalled: nil, policy: SourceLatch.Policy())
        plane.apply([.install(first, ForwardingEntry(component: .rtp), latch)], worker: 0)
        let phone = try await UDPEndpoint(at: TransportAddress(local, port: 24_402))
        defer { phone.close() }
        try await phone.send([0x80, 8, 0, 1] + [UInt8](repeating: 1, count: 9), to: first.local)
        _ = try await eventually("the packet is counted") { plane.counters(of: first.slot).packets == 1 ? true : nil }

        plane.apply([.remove(first)], worker: 0)
        let second = try await eventually("the slot is free") { () -> StreamHandle? in
            _ = plane.collect()
            return try? plane.open(.rtp, of: pair, tos: 0, worker: 0, owner: Self.call)
        }
        #expect(second.slot.index == first.slot.index)
        #expect(plane.counters(of: second.slot) == StreamCounters())
        plane.discard(second)
    }

    /// Steers nothing, and knows one address.
    private struct OneAddress: PortSteering {
        let address: IPAddress
        var floodDrops: UInt64 { 0 }
        func attach(_ sockets: [SteeredSocket]) throws(SystemError) {}
        func covers(_ address: IPAddress) -> Bool { address == self.address }
        func steer(_ local: TransportAddress, to worker: UInt16) {}
        func release(_ local: TransportAddress) {}
    }

    @Test("where an address cannot be steered every port has a socket, and the reason is known")
    func unsteered() throws {
        for other in [IPAddress(ipv4: 0x7F00_0002), local] {
            let plane = try UserPlane(
                threads: 1, capacity: 1, isPinned: false, listener: Poller(), addresses: [local, other],
                steering: OneAddress(address: local))
            defer { plane.stop() }
            #expect(plane.isSteered == (other == local))
            #expect(plane.steeringRefusal?.description.contains("127.0.0.2") == (plane.isSteered ? nil : true))
        }
    }
}
