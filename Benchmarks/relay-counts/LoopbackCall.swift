internal import Glibc
internal import RelayCore
internal import WireFormat

/// A call through a relay in this process, with telephones that only send.
final class LoopbackCall {
    private static let id: ByteString = "1@media"

    private let relay: Relay
    private let caller: UDPSocket
    private let callee: UDPSocket
    private let callersPort: TransportAddress
    private var sequence: UInt16 = 0

    /// - Parameter steering: lets ports share sockets; `nil` for a socket for every port.
    init(steering: (any PortSteering)?) throws {
        relay = try Relay(Samples.configuration, runsHousekeeping: true, steering: steering)
        caller = try UDPSocket.open(at: TransportAddress(Samples.loopback, port: 0), tos: 0)
        callee = try UDPSocket.open(at: TransportAddress(Samples.loopback, port: 0), tos: 0)
        _ = try relay.offer(
            Offer(callID: Self.id, fromTag: "a", sdp: Samples.sdp(port: try caller.localPort())))
        let toCaller = try relay.answer(
            Answer(callID: Self.id, fromTag: "a", toTag: "b", sdp: Samples.sdp(port: try callee.localPort())))
        let line = String(decoding: toCaller, as: UTF8.self).split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("m=audio ") }
        guard let port = line.flatMap({ UInt16($0.split(separator: " ")[1]) }) else { throw RelayError.unknownCall }
        callersPort = TransportAddress(Samples.loopback, port: port)
    }

    func stop() {
        relay.stop()
        caller.close()
        callee.close()
    }

    /// Sends packets, each when the relay has had the one before: more at a time would be a flood at one port.
    ///
    /// - Throws: when one does not arrive within two seconds.
    func relay(packets: Int) throws {
        for _ in 0..<packets {
            sequence &+= 1
            let header: [UInt8] = [0x80, 8, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 0, 1, 2, 3, 4]
            _ = caller.send(header + [UInt8](repeating: 0xD5, count: 160), to: callersPort)
            let deadline = SystemClock.monotonic + 2_000_000_000
            while relay.query(callID: Self.id)?.totals.rtp.packets != UInt64(sequence) {
                guard SystemClock.monotonic < deadline else { throw Lost(number: sequence) }
                sched_yield()
            }
        }
    }

    struct Lost: Error {
        let number: UInt16
    }
}
