internal import CLinux
internal import Synchronization
package import WireFormat

/// A UDP socket for control messages. It tells which local address a message was sent to, so that the answer can leave
/// from there also when the socket is bound to the wildcard.
///
/// One thread receives; any thread sends. `close` comes last.
package final class ControlSocket: Sendable {
    /// The largest UDP datagram.
    private static let capacity = 65_536

    /// For `Poller.add`.
    package let udp: UDPSocket
    /// Reused, so that a message costs no memory but its own.
    private let buffer: Mutex<[UInt8]>

    /// Opens the socket. The address need not be on this host yet.
    ///
    /// - Parameter tos: the TOS octet or traffic class of what is sent.
    package convenience init(at local: TransportAddress, tos: UInt8) throws(SystemError) {
        self.init(descriptor: try Self.open(at: local, tos: tos))
    }

    /// Uses a socket that `open` has made, maybe in another process; closes it in the end.
    package init(descriptor: Int32) {
        udp = UDPSocket(descriptor: descriptor)
        buffer = Mutex([UInt8](repeating: 0, count: Self.capacity))
    }

    /// Opens a socket for `init(descriptor:)`; whoever calls closes it.
    package static func open(at local: TransportAddress, tos: UInt8) throws(SystemError) -> Int32 {
        var raw = local.raw
        let flags = CLINUX_UDP_FREEBIND.rawValue | CLINUX_UDP_PKTINFO.rawValue
        // SAFETY: the shim reads one structure that lives across the call.
        let descriptor = unsafe clinux_udp_open(&raw, Int32(tos), Int32(flags))
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "bind \(local)") }
        return descriptor
    }

    deinit {
        udp.close()
    }

    /// Takes one message without blocking; `nil` when none is waiting.
    ///
    /// - Returns: the message, who sent it, and the local address that it was sent to (its port is the socket's own).
    package func receive() -> (bytes: [UInt8], source: TransportAddress, local: TransportAddress?)? {
        var source = clinux_address()
        var local = clinux_address()
        let bytes = buffer.withLock { buffer -> [UInt8]? in
            // SAFETY: the kernel writes at most `count` bytes into an array of that many.
            let got = unsafe buffer.withUnsafeMutableBytes { room in
                unsafe clinux_udp_receive_at(udp.descriptor, room.baseAddress, room.count, &source, &local)
            }
            return got < 0 ? nil : Array(buffer[..<min(got, buffer.count)])
        }
        guard let bytes, let source = TransportAddress(source) else { return nil }
        return (bytes, source, TransportAddress(local))
    }

    /// Sends one message without blocking, from the given local address; false when the kernel refused it.
    @discardableResult
    package func send(_ bytes: [UInt8], to destination: TransportAddress, from local: TransportAddress?) -> Bool {
        var rawDestination = destination.raw
        // SAFETY: the array and the addresses live across the call, which only reads them.
        return unsafe bytes.withUnsafeBytes { content in
            guard var rawLocal = local?.raw else {
                return unsafe clinux_udp_send(udp.descriptor, content.baseAddress, content.count, &rawDestination) >= 0
            }
            return unsafe clinux_udp_send_from(
                udp.descriptor, content.baseAddress, content.count, &rawDestination, &rawLocal) >= 0
        }
    }
}
