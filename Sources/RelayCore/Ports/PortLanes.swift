/// Which media thread a port is meant for, when ports follow threads: sixteen ports in a row are one thread's, the next
/// sixteen the next one's, and so on in turn (docs/adr/0026).
///
/// With a power of two of threads, some bits of the port are the thread's number, and a network card can tell by one mask
/// which queue a packet belongs to. Sixteen, because all shares of an address (`PortPool.Share`) have ports in them.
package struct PortLanes: Hashable, Sendable {
    /// Ports in a row that belong to one thread.
    package static let width: UInt16 = 16

    /// How many threads share the ports; 1 when ports do not follow threads.
    package let count: Int

    /// Any port for any thread.
    package static let single = PortLanes(count: 1)

    package init(count: Int) { self.count = max(1, count) }

    /// The number of the thread that a port is meant for.
    package func lane(of port: UInt16) -> Int { Int(port / Self.width) % count }

    /// What a network card has to look at: a port is of lane `number` when it is `number * width` in these bits. `nil` when
    /// the number of threads is not a power of two from 2 up, or they are more than a port has room for.
    package var mask: UInt16? {
        guard count > 1, count & (count - 1) == 0 else { return nil }
        return UInt16(exactly: (count - 1) * Int(Self.width))
    }
}
