internal import NGProtocol
package import RelayControl
package import RelayCore
internal import Synchronization
internal import WireFormat

/// The relay's numbers: what rtpengine shows too, by its names, for Prometheus, the console and NG.
package final class RelayFigures: MetricSource {
    private struct State {
        var rates = TrafficRates()
        var last: (totals: PlaneTotals, time: UInt64)?
    }

    private let relay: Relay
    private let control: ControlStatistics
    private let start = SystemClock.monotonic
    private let state = Mutex(State())

    package init(relay: Relay, control: ControlStatistics) { (self.relay, self.control) = (relay, control) }

    /// Traffic since the last call, per second. To be called about once a second.
    ///
    /// - Parameter now: monotonic nanoseconds.
    @discardableResult
    package func measure(at now: UInt64) -> TrafficRates {
        let totals = relay.planeTotals
        return state.withLock { state in
            defer { state.last = (totals, now) }
            guard let last = state.last, now > last.time else { return state.rates }
            let seconds = Double(now - last.time) / 1_000_000_000
            state.rates.user = Self.rate(from: last.totals.user, to: totals.user, in: seconds)
            state.rates.kernel = Self.rate(from: last.totals.kernel, to: totals.kernel, in: seconds)
            return state.rates
        }
    }

    private static func rate(
        from old: PlaneTotals.Path, to new: PlaneTotals.Path, in seconds: Double
    ) -> TrafficRates.Path {
        func rate(_ path: KeyPath<PlaneTotals.Path, UInt64>) -> UInt64 {
            let (old, new) = (old[keyPath: path], new[keyPath: path])
            return new > old ? UInt64((Double(new - old) / seconds).rounded()) : 0
        }
        var result = TrafficRates.Path()
        (result.packets, result.bytes, result.errors) = (rate(\.packets), rate(\.bytes), rate(\.errors))
        return result
    }

    /// The numbers as they are now.
    package var snapshot: StatisticsSnapshot {
        var snapshot = StatisticsSnapshot()
        snapshot.foreign = relay.foreignCallCount
        snapshot.own = max(0, relay.callCount - snapshot.foreign)
        snapshot.planes = relay.planeTotals
        snapshot.rates = state.withLock { $0.rates }
        snapshot.uptime = (SystemClock.monotonic &- start) / 1_000_000_000
        snapshot.rejected = relay.rejectedCalls
        for reason in TerminationReason.allCases { snapshot.ended[reason] = relay.endedCalls(reason) }
        (snapshot.totals, snapshot.quality) = (relay.callTotals, relay.qualityTotals)
        return snapshot
    }

    /// The tree that `list jsonstats` prints and `statistics` answers.
    package var report: ReportObject {
        var report = StatisticsTree(snapshot).report
        report.append("controlstatistics", .object(ControlTable.report(control.proxies)))
        report.append("interfaces", .list(relay.portUsage.map { .object(Self.report($0, in: relay.ports)) }))
        report.append("transcoders", [])
        return report
    }

    /// What `list totals` prints.
    package var totalsText: String {
        let tree = StatisticsTree(snapshot)
        return tree.sections.map(StatisticsTree.text).joined() + "\n" + ControlTable.text(control.proxies)
    }

    /// What `list counters` prints.
    package var countersText: String {
        var section = StatisticsTree.Section(key: "", title: "Current per-second counters")
        let current = StatisticsTree(snapshot).sections[0].entries
        section.entries = current.filter { $0.text.hasSuffix(")") && $0.text.contains("per second") }
        return StatisticsTree.text(section)
    }

    package func collect(into metrics: inout MetricWriter) {
        StatisticsTree(snapshot).collect(into: &metrics)
        ControlTable.collect(control.proxies, into: &metrics)
        for (interface, total, used, free) in relay.portUsage {
            let labels: KeyValuePairs = ["name": interface.name, "address": "\(interface.local)"]
            metrics.gauge("rtpengine_ports_used", used, labels: labels)
            metrics.gauge("rtpengine_ports_free", free, labels: labels)
            metrics.gauge("rtpengine_ports", total, labels: labels)
        }
        for reason in DropReason.allCases {
            metrics.counter(
                "relay_drops_total", relay.drops(reason), help: "Datagrams that were not forwarded",
                labels: ["reason": reason.name])
        }
    }

    private typealias Usage = (interface: MediaInterface, total: Int, used: Int, free: Int)

    private static func report(_ usage: Usage, in ports: ClosedRange<UInt16>) -> ReportObject {
        let percent = usage.total == 0 ? 0 : 100 * Double(usage.used) / Double(usage.total)
        return [
            "name": .string(usage.interface.name), "address": .string("\(usage.interface.local)"),
            "ports": [
                "min": .count(ports.lowerBound), "max": .count(ports.upperBound), "used": .count(usage.used),
                "used_pct": .decimal(percent, digits: 2), "free": .count(usage.free),
                "totals": .count(usage.total),
            ],
        ]
    }
}
