package import NGProtocol
package import RelayControl
internal import RelayCore

/// The lines that graphite gets, by rtpengine's names: what has happened in an interval, and what is.
package struct GraphiteFigures: Sendable {
    /// One command in an interval.
    private struct Command {
        var usage = ControlStatistics.Usage()
        var fewest: UInt64 = .max
        var most: UInt64 = 0
    }

    private var commands: [NGCommand: Command] = [:]
    private var seconds: UInt64 = 0
    private var sessions: (fewest: Int, most: Int)?
    private var last: StatisticsSnapshot

    /// - Parameter snapshot: the numbers at the beginning of the first interval.
    package init(from snapshot: StatisticsSnapshot) { last = snapshot }

    /// Takes a second of an interval into account.
    package mutating func add(_ usage: [NGCommand: ControlStatistics.Usage], sessions count: Int) {
        seconds += 1
        sessions = (min(sessions?.fewest ?? count, count), max(sessions?.most ?? count, count))
        for command in NGCommand.allCases {
            let second = usage[command] ?? ControlStatistics.Usage()
            var sum = commands[command] ?? Command()
            sum.usage.count += second.count
            sum.usage.nanoseconds &+= second.nanoseconds
            sum.usage.shortest = min(sum.usage.shortest, second.shortest)
            sum.usage.longest = max(sum.usage.longest, second.longest)
            (sum.fewest, sum.most) = (min(sum.fewest, second.count), max(sum.most, second.count))
            commands[command] = sum
        }
    }

    /// The interval so far, as the console shows it.
    func section(_ snapshot: StatisticsSnapshot) -> StatisticsTree.Section {
        let used = NGCommand.allCases.map { command in
            let sum = commands[command] ?? Command()
            let rates = seconds == 0 ? [0, 0, 0] : [sum.fewest, sum.most, sum.usage.count / seconds]
            return (command, sum.usage, rates)
        }
        return .interval(
            duration: snapshot.totals.seconds - last.totals.seconds, sessions: sessions ?? (snapshot.own, snapshot.own),
            commands: used)
    }

    /// Ends the interval; the names and values for graphite, and all of our own metrics.
    mutating func take(
        _ snapshot: StatisticsSnapshot, totals: [NGCommand: UInt64], families: CallFamilies,
        ports: [(name: String, used: Int, free: Int)], own: MetricWriter
    ) -> [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        for command in NGCommand.allCases { add(command, total: totals[command] ?? 0, to: &lines) }
        addCalls(snapshot, families, to: &lines)
        addTraffic(snapshot, to: &lines)
        addEndings(snapshot, to: &lines)
        for (name, used, free) in ports {
            lines.append(("ports_free_\(name)", "\(free)"))
            lines.append(("ports_used_\(name)", "\(used)"))
        }
        for family in own.families where !family.name.hasPrefix("rtpengine_") {
            for sample in family.samples {
                let name = ([family.name] + sample.labels.map(\.value)).joined(separator: "_")
                lines.append((Self.escaped(name), sample.value.text))
            }
        }
        (commands, seconds, sessions, last) = ([:], 0, nil, snapshot)
        return lines
    }

    private func add(_ command: NGCommand, total: UInt64, to lines: inout [(name: String, value: String)]) {
        let name = Self.escaped(command.rawValue)
        let sum = commands[command] ?? Command()
        let count = sum.usage.count
        for (kind, time) in zip(["min", "max", "avg"], sum.usage.seconds) {
            lines.append(("\(name)_time_\(kind)", ReportText.decimal(time, digits: 6)))
        }
        lines.append(("\(name)s_ps_min", "\(seconds == 0 ? 0 : sum.fewest)"))
        lines.append(("\(name)s_ps_max", "\(sum.most)"))
        lines.append(("\(name)s_ps_avg", "\(seconds == 0 ? 0 : count / seconds)"))
        lines.append(("\(name)_count", "\(total)"))
    }

    private func addCalls(
        _ snapshot: StatisticsSnapshot, _ families: CallFamilies, to lines: inout [(name: String, value: String)]
    ) {
        let endings = snapshot.totals.ended - last.totals.ended
        let duration = snapshot.totals.seconds - last.totals.seconds
        lines.append(("call_dur", ReportText.decimal(duration, digits: 6)))
        lines.append(("average_call_dur", ReportText.decimal(endings == 0 ? 0 : duration / Double(endings), digits: 6)))
        lines.append(("forced_term_sess", "\(ended(.forced, snapshot))"))
        lines.append(("managed_sess", "\(snapshot.own)"))
        lines.append(("managed_sess_min", "\(sessions?.fewest ?? snapshot.own)"))
        lines.append(("managed_sess_max", "\(sessions?.most ?? snapshot.own)"))
        lines.append(("current_sessions_total", "\(snapshot.own + snapshot.foreign)"))
        lines.append(("current_sessions_own", "\(snapshot.own)"))
        lines.append(("current_sessions_foreign", "\(snapshot.foreign)"))
        lines.append(("current_transcoded_media", "0"))
        lines.append(("current_sessions_ipv4", "\(families.ipv4)"))
        lines.append(("current_sessions_ipv6", "\(families.ipv6)"))
        lines.append(("current_sessions_mixed", "\(families.mixed)"))
        lines.append(("nopacket_relayed_sess", "\(snapshot.totals.withoutPackets - last.totals.withoutPackets)"))
        lines.append(("oneway_stream_sess", "\(snapshot.totals.oneWay - last.totals.oneWay)"))
        lines.append(("regular_term_sess", "\(ended(.regular, snapshot))"))
    }

    private func addTraffic(_ snapshot: StatisticsSnapshot, to lines: inout [(name: String, value: String)]) {
        let user = Self.difference(snapshot.planes.user, last.planes.user)
        let kernel = Self.difference(snapshot.planes.kernel, last.planes.kernel)
        for (path, suffix) in [(user, "_user"), (kernel, "_kernel"), (Self.sum(user, kernel), "")] {
            lines.append(("relayed_errors\(suffix)", "\(path.errors)"))
            lines.append(("relayed_packets\(suffix)", "\(path.packets)"))
            lines.append(("relayed_bytes\(suffix)", "\(path.bytes)"))
        }
    }

    private func addEndings(_ snapshot: StatisticsSnapshot, to lines: inout [(name: String, value: String)]) {
        lines.append(("silent_timeout_sess", "\(ended(.silentTimeout, snapshot))"))
        lines.append(("final_timeout_sess", "\(ended(.finalTimeout, snapshot))"))
        lines.append(("offer_timeout_sess", "\(ended(.offerTimeout, snapshot))"))
        lines.append(("timeout_sess", "\(ended(.timeout, snapshot))"))
        lines.append(("reject_sess", "\(snapshot.rejected - last.rejected)"))
    }

    private func ended(_ reason: TerminationReason, _ snapshot: StatisticsSnapshot) -> UInt64 {
        (snapshot.ended[reason] ?? 0) - (last.ended[reason] ?? 0)
    }

    private static func difference(_ new: PlaneTotals.Path, _ old: PlaneTotals.Path) -> PlaneTotals.Path {
        var path = PlaneTotals.Path()
        (path.packets, path.bytes) = (new.packets &- old.packets, new.bytes &- old.bytes)
        path.errors = new.errors &- old.errors
        return path
    }

    private static func sum(_ one: PlaneTotals.Path, _ other: PlaneTotals.Path) -> PlaneTotals.Path {
        var path = PlaneTotals.Path()
        (path.packets, path.bytes) = (one.packets &+ other.packets, one.bytes &+ other.bytes)
        path.errors = one.errors &+ other.errors
        return path
    }

    /// A name without what graphite would take for the end of it.
    private static func escaped(_ name: String) -> String {
        String(name.map { $0.isWhitespace || $0 == "/" ? "_" : $0 })
    }
}
