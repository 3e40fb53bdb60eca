import RelayTestSupport
import Testing
import WireFormat

@testable import RelayCore

extension KernelTests {
    /// What the kernel keeps for a media thread, and how a thread finds out how old it is.
    @Suite("A thread's receiver")
    struct BacklogTests {
        private static let families: [[IPAddress]] = [
            [IPAddress(ipv4: 0x7F00_0001)], [IPAddress(ipv6High: 0, low: 1)],
            [IPAddress(ipv4: 0x7F00_0001), IPAddress(ipv6High: 0, low: 1)],
        ]

        /// Reads all that waits; returns how many datagrams, and what was ahead of the marks among them.
        private func drain(_ port: inout SteeredPort) -> (count: Int, marks: [UInt64], ahead: UInt32) {
            var (sum, marks, ahead): (Int, [UInt64], UInt32) = (0, [], 0)
            while true {
                let count = port.receive()
                guard count > 0 else { return (sum, marks, ahead) }
                sum += count
                for place in 0..<count {
                    guard let (source, local) = port.turn(to: place), port.isBell(local, from: source),
                        let mark = port.mark
                    else { continue }
                    marks.append(mark.sent)
                    ahead = mark.ahead
                }
            }
        }

        @Test(
            "a mark comes out as it went in, room that is cut takes nothing more, and can be given back",
            arguments: families)
        func cutsRoom(_ addresses: [IPAddress]) throws {
            let sockets = try SteeredSockets(for: addresses)
            defer { sockets.close() }
            let target = try #require(sockets.receiver.bellAddress)
            let stranger = try UDPSocket.open(at: TransportAddress(target.address, port: 0), tos: 0)
            defer { stranger.close() }
            func send(_ count: Int) { for _ in 0..<count { _ = stranger.send([1, 2, 3, 4, 5, 6, 7, 8], to: target) } }
            var port = SteeredPort(sockets)

            send(500)
            port.perform(.mark, at: 12_345)
            // Less than 500 datagrams take, whatever the kernel reckons for one.
            port.perform(.cut(to: 100_000), at: 0)
            send(500)
            let first = drain(&port)
            #expect(first.count == 501)
            #expect(first.marks == [12_345])
            #expect(first.ahead > 100_000)
            #expect(sockets.receiver.dropCount == 500)

            port.perform(.restore, at: 0)
            send(500)
            let second = drain(&port)
            #expect(second.count == 500)
            #expect(second.marks.isEmpty)
            #expect(sockets.receiver.dropCount == 500)
        }
    }
}
