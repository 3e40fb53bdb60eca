import Glibc
import RelayTestSupport
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// One socket for many ports.
    @Suite("Steering")
    struct SteeringTests {
        private static let addresses: [AddressFamily: IPAddress] = [
            .ipv4: IPAddress(ipv4: 0x7F4D_0001), .ipv6: IPAddress(ipv6High: 0, low: 1),
        ]

        /// What a socket has waiting; `nil` for nothing.
        private func receive(_ socket: UDPSocket) -> [UInt8]? {
            var buffer = DatagramBuffer()
            guard buffer.receive(from: socket) != nil else { return nil }
            let datagram = buffer.datagram
            return datagram.indices.map { datagram[$0] }
        }

        /// A socket that steered ports of this family lead to.
        private static func socket(_ family: AddressFamily) throws -> UDPSocket {
            try UDPSocket.open(at: TransportAddress(.unspecified(family), port: 0), tos: 0)
        }

        /// Steered ports with one socket for all.
        private func steer(_ ports: [TransportAddress], to socket: UDPSocket) throws -> KernelSteering {
            let address = ports[0].address
            let steering = try KernelSteering(addresses: [address])
            try steering.attach([SteeredSocket(worker: 0, family: address.family, socket: socket)])
            for port in ports { steering.steer(port, to: 0) }
            return steering
        }

        /// A scene of steered ports, their socket, and somebody who sends.
        private func withSender(
            to ports: [TransportAddress], _ body: (KernelSteering, UDPSocket, _ sender: UDPSocket) async throws -> Void
        ) async throws {
            let socket = try Self.socket(ports[0].address.family)
            defer { socket.close() }
            let sender = try UDPSocket.open(at: TransportAddress(ports[0].address, port: 0), tos: 0)
            defer { sender.close() }
            try await body(try steer(ports, to: socket), socket, sender)
        }

        @Test("a port's datagrams go to its worker, until it is released", arguments: AddressFamily.allCases)
        func steers(_ family: AddressFamily) async throws {
            let address = try #require(Self.addresses[family])
            let steering = try KernelSteering(addresses: [address])
            let sockets = try (0..<2).map { worker in
                SteeredSocket(worker: UInt16(worker), family: family, socket: try Self.socket(family))
            }
            defer { for socket in sockets { socket.socket.close() } }
            try steering.attach(sockets)
            let ports = [40_000, 40_001, 65_535].map { TransportAddress(address, port: $0) }
            #expect(steering.covers(address) && !steering.covers(.unspecified(family)))

            let phone = try await UDPEndpoint(at: TransportAddress(address, port: 41_000))
            defer { phone.close() }
            for (index, port) in ports.enumerated() {
                let worker = index % 2
                steering.steer(port, to: UInt16(worker))
                try await phone.send([UInt8(index)], to: port)
                let got = try await eventually("a datagram to \(port)") { receive(sockets[worker].socket) }
                #expect(got == [UInt8(index)])
                #expect(receive(sockets[1 - worker].socket) == nil)
            }
            // Released, the port is like any other: somebody may bind it.
            steering.release(ports[0])
            let other = try await UDPEndpoint(at: ports[0])
            defer { other.close() }
            try await phone.send([9], to: ports[0])
            _ = try await eventually("a datagram to a port of its own") { other.receivedCount == 1 ? true : nil }
            #expect(sockets.allSatisfy { receive($0.socket) == nil })
        }

        /// A link that stalls for 200 ms lets go of 10 to 20 packets of a stream, a telephone's buffer as many; a picture of
        /// 600 KB comes in 500.
        @Test("a burst at a port is no flood", arguments: AddressFamily.allCases)
        func burst(_ family: AddressFamily) async throws {
            let port = TransportAddress(try #require(Self.addresses[family]), port: 40_006)
            try await withSender(to: [port]) { steering, socket, sender in
                var taken = 0
                for _ in 0..<500 {
                    #expect(sender.send([1], to: port))
                    while receive(socket) != nil { taken += 1 }
                }
                _ = try await eventually("all of it") {
                    while receive(socket) != nil { taken += 1 }
                    return taken == 500 ? true : nil
                }
                #expect(steering.floodDrops == 0)
            }
        }

        @Test(
            "what remains of a relay loses its packets, and refuses none; without it they are refused",
            arguments: AddressFamily.allCases)
        func remains(_ family: AddressFamily) async throws {
            let port = TransportAddress(try #require(Self.addresses[family]), port: 40_004)
            var held: [Int32] = []
            do {
                let socket = try Self.socket(family)
                defer { socket.close() }
                let steering = try steer([port], to: socket)
                held = steering.remains.map { dup($0) }
                #expect(try await !RefusalProbe.isRefused(port))
            }
            #expect(try await !RefusalProbe.isRefused(port))
            // The next relay has the last word.
            let socket = try Self.socket(family)
            defer { socket.close() }
            let next = try steer([port], to: socket)
            #expect(try await !RefusalProbe.isRefused(port))
            #expect(receive(socket) != nil)
            next.release(port)
            #expect(try await !RefusalProbe.isRefused(port))
            for descriptor in held { close(descriptor) }
            _ = try await eventually("it is refused") { try await RefusalProbe.isRefused(port) ? true : nil }
        }

        @Test(
            "a port that is flooded takes no more than its share, and takes packets again",
            arguments: AddressFamily.allCases)
        func bounds(_ family: AddressFamily) async throws {
            let address = try #require(Self.addresses[family])
            let ports = [40_002, 40_003].map { TransportAddress(address, port: $0) }
            let (flooded, other) = (ports[0], ports[1])
            try await withSender(to: ports) { steering, socket, sender in
                // More than a port takes in a window; on a machine that cannot send that fast, once more.
                var taken = 0
                _ = try await eventually("more than a port takes in 67 ms") {
                    // As fast as can be: what is taken is read only before the socket is full.
                    for _ in 0..<50 {
                        for _ in 0..<100 { #expect(sender.send([1], to: flooded)) }
                        while receive(socket) != nil { taken += 1 }
                    }
                    return steering.floodDrops > 0 ? true : nil
                }
                #expect(taken >= 1_000)
                #expect(sender.send([2], to: other))
                #expect(receive(socket) == [2])
                _ = try await eventually("the flooded port takes packets again") {
                    _ = sender.send([3], to: flooded)
                    return receive(socket) == [3] ? true : nil
                }
            }
        }
    }
}
