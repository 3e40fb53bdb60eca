internal import RelayCore
internal import WireFormat

/// Takes packets that are too many or too late for their relay, and loses them: a socket that nobody reads, with next to no room.
final class FloodDrain: Sendable {
    let socket: UDPSocket

    init(_ family: AddressFamily) throws(SystemError) {
        let loopback = family == .ipv4 ? IPAddress(ipv4: 0x7F00_0001) : IPAddress(ipv6High: 0, low: 1)
        socket = try UDPSocket.open(at: TransportAddress(loopback, port: 0), tos: 0)
        socket.minimizeReceiveBuffer()
    }

    deinit { socket.close() }
}
