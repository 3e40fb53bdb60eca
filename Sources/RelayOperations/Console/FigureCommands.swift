package import RelayCore

/// Commands that show numbers: `list totals`, `list jsonstats`, `list interfaces`, `statistics`, `metrics`, `ping`.
package enum FigureCommands {
    /// All of them.
    ///
    /// - Parameter operations: whose numbers `metrics` and `statistics` show.
    package static func all(
        _ relay: Relay, _ figures: RelayFigures, _ operations: Operations
    ) -> [any ConsoleCommand] {
        [
            ConsoleFunction("ping", help: "pong") { _ in ConsoleReply("pong\n") },
            ConsoleFunction("status", help: "what the relay does, at a glance") { _ in status(relay, figures) },
            ConsoleFunction("list totals", help: "numbers since the start") { _ in
                ConsoleReply(figures.totalsText, data: .object(figures.report))
            },
            ConsoleFunction("list counters", help: "traffic of the last second") { _ in
                ConsoleReply(figures.countersText)
            },
            ConsoleFunction("list jsonstats", help: "all numbers as JSON") { _ in json(figures, operations) },
            ConsoleFunction("statistics", help: "the same") { _ in json(figures, operations) },
            ConsoleFunction("metrics", help: "all numbers as Prometheus takes them") { _ in
                ConsoleReply(PrometheusText.render(operations.metrics))
            },
            ConsoleFunction("list interfaces", help: "addresses and their ports") { _ in interfaces(relay) },
            ConsoleFunction("list transcoders", help: "none: media is not transcoded") { _ in
                ConsoleReply("No stats entries\n", data: [])
            },
        ]
    }

    private static func json(_ figures: RelayFigures, _ operations: Operations) -> ConsoleReply {
        var report = figures.report
        report.append("relay", .object(operations.ownReport))
        return ConsoleReply(ReportValue.object(report).json + "\n", data: .object(report))
    }

    private static func status(_ relay: Relay, _ figures: RelayFigures) -> ConsoleReply {
        let snapshot = figures.snapshot
        let (user, kernel) = (snapshot.rates.user, snapshot.rates.kernel)
        let ports = relay.portUsage
        let data: ReportObject = [
            "uptime": .count(snapshot.uptime), "own": .count(snapshot.own), "foreign": .count(snapshot.foreign),
            "packets_per_second": .count(user.packets &+ kernel.packets),
            "bytes_per_second": .count(user.bytes &+ kernel.bytes),
            "drops_per_second": .count(user.errors &+ kernel.errors),
            "kernel_packets_per_second": .count(kernel.packets),
            "kernel_left_out": .count(snapshot.planes.leftOut),
            "ended": .count(snapshot.totals.ended), "rejected": .count(snapshot.rejected),
            "ports_used": .count(ports.reduce(0) { $0 + $1.used }),
            "ports_free": .count(ports.reduce(0) { $0 + $1.free }),
        ]
        let leftOut = snapshot.planes.leftOut
        let shortage = leftOut == 0 ? "" : "kernel  no room for \(leftOut) streams: they stay in user space\n"
        let text = """
            up      \(snapshot.uptime) s
            calls   \(snapshot.own) own, \(snapshot.foreign) of other relays; \(snapshot.totals.ended) ended, \
            \(snapshot.rejected) rejected
            traffic \(user.packets &+ kernel.packets) packets/s, of which \(kernel.packets) in the kernel; \
            \(user.bytes &+ kernel.bytes) bytes/s, \(user.errors &+ kernel.errors) drops/s
            ports   \(ports.reduce(0) { $0 + $1.used }) used, \(ports.reduce(0) { $0 + $1.free }) free
            \(shortage)
            """
        return ConsoleReply(text, data: .object(data))
    }

    private static func interfaces(_ relay: Relay) -> ConsoleReply {
        var text = ""
        var data: [ReportValue] = []
        let range = relay.ports
        for (interface, total, used, free) in relay.portUsage {
            let percent = total == 0 ? 0 : 100 * Double(used) / Double(total)
            text += "Interface '\(interface.name)' address '\(interface.local)' "
            text += "(\(interface.local.family == .ipv4 ? "IPv4" : "IPv6"))\n"
            text += " Port range: \(ReportText.right("\(range.lowerBound)", 5)) - "
            text += "\(ReportText.right("\(range.upperBound)", 5))\n"
            text += " Ports used: \(ReportText.right("\(used)", 5)) / \(ReportText.right("\(total)", 5)) "
            text += "(\(ReportText.right(ReportText.decimal(percent, digits: 1), 5))%)\n"
            data.append([
                "name": .string(interface.name), "address": .string("\(interface.local)"),
                "advertised": .string("\(interface.advertised)"), "ports": .count(total), "used": .count(used),
                "free": .count(free),
            ])
        }
        return ConsoleReply(text, data: .list(data))
    }
}
