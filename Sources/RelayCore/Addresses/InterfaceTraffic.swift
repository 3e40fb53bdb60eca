internal import Synchronization
internal import WireFormat

/// What has come in and gone out at one interface.
package struct InterfaceTraffic: Hashable, Sendable {
    /// One direction.
    package struct Flow: Hashable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var errors: UInt64 = 0

        package init() {}

        fileprivate static func + (one: Flow, other: Flow) -> Flow {
            var sum = one
            sum.packets &+= other.packets
            sum.bytes &+= other.bytes
            sum.errors &+= other.errors
            return sum
        }

        fileprivate func raised(to other: Flow) -> Flow {
            var flow = self
            flow.packets = max(packets, other.packets)
            flow.bytes = max(bytes, other.bytes)
            flow.errors = max(errors, other.errors)
            return flow
        }
    }

    package var ingress = Flow()
    package var egress = Flow()

    package init() {}

    fileprivate mutating func add(_ counters: StreamCounters) {
        ingress.packets &+= counters.packets
        ingress.bytes &+= counters.bytes
        ingress.errors &+= counters.errors
        egress.packets &+= counters.packetsOut
        egress.bytes &+= counters.bytesOut
    }
}

extension LocalInterface {
    /// Sums over ports, those of ended calls included.
    struct TrafficState: Sendable {
        /// Of ports that are closed.
        var closed = InterfaceTraffic()
        /// What was shown last. A port that is being closed may count on for a moment after it was looked at; a sum that
        /// falls would look like a new start.
        var shown = InterfaceTraffic()
    }

    /// What has come in and gone out, as of the last look at all calls, about a second ago.
    package var trafficTotals: InterfaceTraffic { traffic.withLock { $0.shown } }

    /// How the sources that are heard here were heard.
    package var qualityTotals: QualityTotals { quality.withLock { $0 } }
}

extension InterfaceTable {
    /// What the open ports of each interface have counted. Two names for one address share its ports; the first one
    /// has their traffic.
    struct OpenTraffic {
        fileprivate let interfaces: [LocalInterface]
        fileprivate var sums: [InterfaceTraffic]

        mutating func add(_ counters: StreamCounters, at address: IPAddress) {
            guard let index = interfaces.firstIndex(where: { $0.configuration.local == address }) else { return }
            sums[index].add(counters)
        }
    }

    var emptyTraffic: OpenTraffic {
        OpenTraffic(interfaces: interfaces, sums: Array(repeating: InterfaceTraffic(), count: interfaces.count))
    }

    /// Shows what was added up.
    func publish(_ open: OpenTraffic) {
        for (interface, sum) in zip(open.interfaces, open.sums) {
            interface.traffic.withLock { state in
                state.shown.ingress = state.shown.ingress.raised(to: state.closed.ingress + sum.ingress)
                state.shown.egress = state.shown.egress.raised(to: state.closed.egress + sum.egress)
            }
        }
    }

    /// Keeps what a port has counted that is about to be closed.
    func noteClosing(_ handle: StreamHandle, _ counters: StreamCounters) {
        let interface = interfaces.first { $0.configuration.local == handle.local.address }
        interface?.traffic.withLock { $0.closed.add(counters) }
    }
}
