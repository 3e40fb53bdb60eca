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
        var interval: StatisticsTree.Section?
    }

    private let relay: Relay
    private let control: ControlStatistics
    private let clock: @Sendable () -> UInt64
    private let start: UInt64
    private let state = Mutex(State())

    /// - Parameter clock: monotonic, in nanoseconds.
    package init(
        relay: Relay, control: ControlStatistics, clock: @escaping @Sendable () -> UInt64 = { SystemClock.monotonic }
    ) {
        (self.relay, self.control, self.clock, start) = (relay, control, clock, clock())
    }

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
        snapshot.uptime = (clock() &- start) / 1_000_000_000
        snapshot.rejected = relay.rejectedCalls
        for reason in TerminationReason.allCases { snapshot.ended[reason] = relay.endedCalls(reason) }
        (snapshot.totals, snapshot.quality) = (relay.callTotals, relay.qualityTotals)
        return snapshot
    }

    /// Shows what graphite has been told about the last interval, from now on.
    func show(interval: StatisticsTree.Section) { state.withLock { $0.interval = interval } }

    /// With the last interval behind the totals, as rtpengine has it.
    private var tree: StatisticsTree {
        var tree = StatisticsTree(snapshot)
        if let interval = state.withLock({ $0.interval }) { tree.sections.insert(interval, at: 2) }
        return tree
    }

    /// The tree that `list jsonstats` prints and `statistics` answers.
    package var report: ReportObject {
        var report = tree.report
        report.append("controlstatistics", .object(ControlTable.report(control.proxies)))
        report.append(
            "interfaces", .list(InterfaceFigures.all(relay).map { .object($0.report(in: relay.ports)) }))
        report.append("transcoders", [])
        return report
    }

    /// What `list totals` prints.
    package var totalsText: String {
        tree.sections.map(StatisticsTree.text).joined() + "\n" + ControlTable.text(control.proxies)
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
        for figures in InterfaceFigures.all(relay) { figures.collect(into: &metrics) }
        for reason in DropReason.allCases {
            metrics.counter(
                "relay_drops_total", relay.drops(reason), help: "Datagrams that were not forwarded",
                labels: ["reason": reason.name])
        }
    }
}
