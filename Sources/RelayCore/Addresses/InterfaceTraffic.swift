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
    /// What the ports of each interface have counted, closed ones first and then the open ones one by one. Two names for one
    /// address share its ports; the first one has their traffic.
    struct TrafficSurvey {
        fileprivate let interfaces: [LocalInterface]
        fileprivate var sums: [InterfaceTraffic]

        mutating func add(_ counters: StreamCounters, at address: IPAddress) {
            guard let index = interfaces.firstIndex(where: { $0.configuration.local == address }) else { return }
            sums[index].add(counters)
        }
    }

    /// Begins with what is closed now: a port that is closed in the course of the survey counts there as an open one.
    var trafficOfClosedPorts: TrafficSurvey {
        TrafficSurvey(interfaces: interfaces, sums: interfaces.map { $0.traffic.withLock(\.closed) })
    }

    /// Shows what was added up.
    func publish(_ survey: TrafficSurvey) {
        for (interface, sum) in zip(survey.interfaces, survey.sums) {
            interface.traffic.withLock { state in
                state.shown.ingress = state.shown.ingress.raised(to: sum.ingress)
                state.shown.egress = state.shown.egress.raised(to: sum.egress)
            }
        }
    }

    /// Keeps what a port has counted that is about to be closed.
    func noteClosing(_ handle: StreamHandle, _ counters: StreamCounters) {
        let interface = interfaces.first { $0.configuration.local == handle.local.address }
        interface?.traffic.withLock { $0.closed.add(counters) }
    }
}
