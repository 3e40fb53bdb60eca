package import WireFormat

/// A socket that takes all datagrams of one family that are steered to one media thread; both families may have the same.
///
/// It is a UDP socket with a port of its own, and stays open for as long as the plane.
package struct SteeredSocket: Sendable, BitwiseCopyable {
    /// The media thread that reads it.
    package let worker: UInt16
    /// Of what it takes.
    package let family: AddressFamily
    package let socket: UDPSocket

    package init(worker: UInt16, family: AddressFamily, socket: UDPSocket) {
        (self.worker, self.family, self.socket) = (worker, family, socket)
    }
}

/// Delivers datagrams to media threads by their local address and port, without a socket for each port
/// (`BPF_PROG_TYPE_SK_LOOKUP`).
///
/// The user plane opens one socket for each media thread, hands it over once for each family, and from then on says which
/// thread a port belongs to. Whoever implements this was told at its creation which addresses and ports may come up. An
/// address need not be on this host.
///
/// Calls come from any thread, also at the same time for different ports.
package protocol PortSteering: Sendable {
    /// Datagrams that are steered to a worker go to its socket of their family from now on. Called once, before `steer`.
    ///
    /// - Throws: when the kernel refuses; the plane then opens a socket for every port.
    func attach(_ sockets: [SteeredSocket]) throws(SystemError)

    /// Whether `steer` may be called with ports of this address: it is one of those announced at creation.
    func covers(_ address: IPAddress) -> Bool

    /// Gives a local port to a worker. Before, and after `release`, the kernel delivers as if there were no steering.
    ///
    /// - Complexity: a write to mapped memory, no system call.
    func steer(_ local: TransportAddress, to worker: UInt16)

    /// Takes a local port back. Datagrams that were delivered by then are still in the worker's socket.
    ///
    /// - Complexity: as `steer`.
    func release(_ local: TransportAddress)

    /// Datagrams that were not delivered because too many came to their port. All ports share a few queues, and none may
    /// fill them alone.
    var floodDrops: UInt64 { get }
}
