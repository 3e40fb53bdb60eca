internal import NGProtocol
package import RelayControl
package import RelayCore
internal import Synchronization
internal import WireFormat

/// Collects what graphite gets, second by second.
package final class GraphiteReporter: Sendable {
    private struct State {
        var figures: GraphiteFigures
        var secondsLeft: Int
    }

    private let relay: Relay
    private let control: ControlStatistics
    private let relayFigures: RelayFigures
    private let operations: Operations
    private let interval: Int
    private let prefix: String
    private let state: Mutex<State>

    /// - Parameter interval: seconds from one report to the next.
    package init(
        relay: Relay, control: ControlStatistics, figures: RelayFigures, operations: Operations, interval: Int,
        prefix: String
    ) {
        (self.relay, self.control, relayFigures) = (relay, control, figures)
        (self.operations, self.interval, self.prefix) = (operations, interval, prefix)
        state = Mutex(State(figures: GraphiteFigures(from: figures.snapshot), secondsLeft: interval))
        figures.show(interval: GraphiteFigures(from: figures.snapshot).section(figures.snapshot))
    }

    /// To be called once a second.
    ///
    /// - Parameter time: seconds since the epoch.
    /// - Returns: the lines to send, at the end of an interval.
    package func tick(at time: UInt64) -> String? {
        let snapshot = relayFigures.snapshot
        let usage = control.takeInterval()
        return state.withLock { state in
            state.figures.add(usage, sessions: snapshot.own)
            state.secondsLeft -= 1
            guard state.secondsLeft <= 0 else { return nil }
            state.secondsLeft = interval
            relayFigures.show(interval: state.figures.section(snapshot))
            let ports = relay.portUsage.map { interface, _, used, free in
                (name: "\(interface.name)_\(interface.local)", used: used, free: free)
            }
            let lines = state.figures.take(
                snapshot, totals: totals, families: CallFamilies(relay.summaries()), ports: ports,
                own: operations.metrics)
            return lines.map { "\(prefix)\($0.name) \($0.value) \(time)\n" }.joined()
        }
    }

    private var totals: [NGCommand: UInt64] {
        var totals: [NGCommand: UInt64] = [:]
        for proxy in control.proxies {
            for (command, usage) in proxy.commands { totals[command, default: 0] += usage.count }
        }
        return totals
    }
}
