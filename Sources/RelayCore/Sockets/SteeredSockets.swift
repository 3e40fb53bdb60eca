internal import CLinux
internal import WireFormat

/// The sockets that serve all ports of one media thread when none has a socket of its own.
package struct SteeredSockets: Sendable {
    /// Bytes of received datagrams that the kernel keeps for a thread; it takes twice that, and 768 of them for a datagram
    /// of G.711. So this is what 800 ms of 1,000 calls come to. Less under overload (`BacklogControl`).
    package static let receiveBuffer: Int32 = 32 << 20
    /// Bytes that may be on their way out of one address.
    package static let sendBuffer: Int32 = 8 << 20

    /// A thread that nobody could wake comes round by itself after so long, in nanoseconds.
    package static let patience = UInt64(CLINUX_STEERED_PATIENCE_MS) * 1_000_000

    /// Takes the datagrams of all families in use; a wait there is ended by `ring`.
    let receiver: UDPSocket
    let families: Set<AddressFamily>
    /// One for each local address, in the order given.
    private(set) var senders: [(address: IPAddress, socket: UDPSocket)] = []

    /// Opens all of them, or none. Whoever opened them closes them, once.
    ///
    /// - Throws: EPERM without CAP_NET_RAW.
    init(for addresses: [IPAddress]) throws(SystemError) {
        families = Set(addresses.map(\.family))
        let descriptor = clinux_steered_open(families.contains(.ipv4), families.contains(.ipv6), Self.receiveBuffer)
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "receive for all ports") }
        receiver = UDPSocket(descriptor: descriptor)
        do throws(SystemError) {
            for address in addresses {
                var raw = TransportAddress(address, port: 0).raw
                // SAFETY: the shim reads one structure that lives across the call.
                let descriptor = unsafe clinux_sender_open(&raw, Self.sendBuffer)
                guard descriptor >= 0 else {
                    throw SystemError(errno: -descriptor, operation: "send from all ports of \(address)")
                }
                senders.append((address, UDPSocket(descriptor: descriptor)))
            }
        } catch {
            close()
            throw error
        }
    }

    func close() {
        receiver.close()
        for sender in senders { sender.socket.close() }
    }
}

extension UDPSocket {
    /// Ends a wait at this socket, which is a receiver. Any thread.
    func ring() { clinux_steered_ring(descriptor) }

    /// Datagrams that the kernel has dropped here for lack of room.
    var dropCount: UInt64 { UInt64(max(0, clinux_udp_drops(descriptor))) }

    /// Where `ring` sends from and to; `nil` when the kernel does not say.
    var bellAddress: TransportAddress? {
        var raw = clinux_address()
        // SAFETY: the shim fills one structure that lives across the call.
        guard unsafe clinux_steered_address(descriptor, &raw) == 0 else { return nil }
        return TransportAddress(raw)
    }
}
