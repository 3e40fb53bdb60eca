internal import CLinux
internal import Synchronization
package import WireFormat

/// A message that has come to a control socket.
package struct ControlMessage: Sendable {
    package let bytes: [UInt8]
    /// Who sent it.
    package let source: TransportAddress
    /// Where it was sent to; the port is the socket's own, whatever is said here.
    package let local: TransportAddress?
}

/// A UDP socket for control messages. It tells which local address a message was sent to, so that the answer can leave
/// from there also when the socket is bound to the wildcard.
///
/// One thread receives; any thread sends. `close` comes last.
package final class ControlSocket: Sendable {
    /// For `Poller.add`.
    package let udp: UDPSocket
    private let inbox = Mutex(ControlBatch())
    private let outbox = Mutex(Outbox())

    private struct Outbox: ~Copyable {
        var batch = ControlBatch()
        /// Messages wait for `sendHeld`.
        var isHeld = false
    }

    /// Opens the socket. The address need not be on this host yet.
    ///
    /// - Parameter tos: the TOS octet or traffic class of what is sent.
    package convenience init(at local: TransportAddress, tos: UInt8) throws(SystemError) {
        self.init(descriptor: try Self.open(at: local, tos: tos))
    }

    /// Uses a socket that `open` has made, maybe in another process; closes it in the end.
    package init(descriptor: Int32) { udp = UDPSocket(descriptor: descriptor) }

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

    /// Takes the messages that are waiting, a few at most, without blocking.
    package func receive() -> [ControlMessage] { inbox.withLock { $0.receive(from: udp) } }

    /// Sends one message without blocking, from the given local address; at once, unless messages are held.
    ///
    /// - Returns: how many messages the kernel has refused.
    package func send(_ bytes: [UInt8], to destination: TransportAddress, from local: TransportAddress?) -> Int {
        outbox.withLock { outbox in
            var refused = 0
            if !outbox.batch.queue(bytes, to: destination, from: local) {
                refused = outbox.batch.flush(to: udp)
                if !outbox.batch.queue(bytes, to: destination, from: local) { return refused + 1 }
            }
            return outbox.isHeld ? refused : refused + outbox.batch.flush(to: udp)
        }
    }

    /// Lets messages wait for each other until `sendHeld`: one system call sends them all, and a client that gets several
    /// is woken once.
    package func hold() { outbox.withLock { $0.isHeld = true } }

    /// Sends what was held.
    ///
    /// - Returns: how many messages the kernel has refused.
    package func sendHeld() -> Int {
        outbox.withLock { outbox in
            outbox.isHeld = false
            return outbox.batch.flush(to: udp)
        }
    }
}
