internal import Synchronization
package import WireFormat

/// Leaving without anybody noticing: no new calls, and a look at whether packets still come.
extension Relay {
    /// From now on new calls are refused, as if `Configuration.maximumSessions` were 0; those that are up go on.
    package func beginDraining() { isDraining.store(true, ordering: .relaxed) }

    /// It is about to end, and takes no new calls.
    package var isLeaving: Bool { isDraining.load(ordering: .relaxed) }

    /// Asks every media thread to come round (`MediaThreadWatch`). Cheap; a few times a second.
    package func knockOnMediaThreads() -> [UInt64] { plane.knock() }

    /// When the last packet of any call came to each of these addresses, in nanoseconds of the monotonic clock; addresses
    /// to which none has come are left out.
    ///
    /// - Complexity: O(calls); some milliseconds for some thousand.
    package func lastPackets(at addresses: Set<IPAddress>) -> [IPAddress: UInt64] {
        var latest: [IPAddress: UInt64] = [:]
        for call in calls.withLock({ Array($0.values) }) {
            let ports = call.state.withLock { $0.hasEnded ? [] : $0.ports }
            for port in ports where addresses.contains(port.pair.address) {
                let heard = port.handles.map { plane.counters(of: $0.slot).lastPacket }.max() ?? 0
                if heard > latest[port.pair.address] ?? 0 { latest[port.pair.address] = heard }
            }
        }
        return latest
    }

    /// The calls that have a port on an address, in no order.
    package func callIDs(at address: IPAddress) -> [ByteString] {
        calls.withLock { Array($0.values) }.compactMap { call in
            call.state.withLock { !$0.hasEnded && $0.ports.contains { $0.pair.address == address } ? call.id : nil }
        }
    }
}
