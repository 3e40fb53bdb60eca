internal import CLinux
internal import Glibc
package import WireFormat

/// A bound, non-blocking UDP socket. A plain number to copy about: whoever opened it closes it, once.
package struct UDPSocket: Hashable, Sendable, BitwiseCopyable {
    package let descriptor: Int32

    /// No socket.
    package static let none = UDPSocket(descriptor: -1)

    /// Opens a socket and binds it. `port` 0 asks the kernel for any port.
    ///
    /// The address need not be on this host (`IP_FREEBIND`): a standby opens its ports before it takes an address over.
    package static func open(at local: TransportAddress, tos: UInt8) throws(SystemError) -> UDPSocket {
        var raw = local.raw
        // SAFETY: the shim reads one structure that lives across the call.
        let descriptor = unsafe clinux_udp_open(&raw, Int32(tos), Int32(CLINUX_UDP_FREEBIND.rawValue))
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "bind \(local)") }
        return UDPSocket(descriptor: descriptor)
    }

    /// The port that the socket is bound to.
    package func localPort() throws(SystemError) -> UInt16 {
        let port = clinux_udp_local_port(descriptor)
        guard port >= 0 else { throw SystemError(errno: -port, operation: "getsockname") }
        return UInt16(truncatingIfNeeded: port)
    }

    /// Sets the TOS octet (IPv4) or traffic class (IPv6) of what this socket sends.
    package func setTOS(_ tos: UInt8, family: AddressFamily) {
        // A refusal leaves the old marking, which is no reason to end a call.
        _ = clinux_udp_set_tos(descriptor, Int32(family.rawValue), Int32(tos))
    }

    /// Leaves room for as few datagrams as the kernel allows.
    package func minimizeReceiveBuffer() { _ = clinux_udp_set_receive_buffer(descriptor, 0) }

    /// As `close`; nothing for `none`.
    func closeIfOpen() {
        if self != .none { close() }
    }

    /// Sends a datagram of our own; false when the kernel refused it.
    package func send(_ datagram: [UInt8], to destination: TransportAddress) -> Bool {
        var raw = destination.raw
        // SAFETY: the array and the address live across the call.
        return unsafe datagram.withUnsafeBytes { bytes in
            unsafe clinux_udp_send(descriptor, bytes.baseAddress, bytes.count, &raw) >= 0
        }
    }

    package func close() {
        let result = clinux_close(descriptor)
        precondition(result != -EBADF, "descriptor \(descriptor) closed twice")
    }
}
