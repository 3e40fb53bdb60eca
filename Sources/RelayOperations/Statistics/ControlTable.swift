internal import NGProtocol
internal import RelayControl
internal import WireFormat

/// Who has sent which commands, how often, and how long they took.
enum ControlTable {
    private static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1_000_000_000 }

    static func report(_ proxies: [ControlStatistics.Proxy]) -> ReportObject {
        var report = ReportObject()
        report.append(
            "proxies",
            .list(
                proxies.map { proxy in
                    var object: ReportObject = ["proxy": .string("\(proxy.address)")]
                    for command in NGCommand.allCases {
                        let name = command.statisticsName.lowercased()
                        object.append("\(name)count", proxy[command].count)
                        object.append("\(name)duration", .decimal(seconds(proxy[command].nanoseconds)))
                    }
                    object.append("errorcount", proxy.errors)
                    return .object(object)
                }))
        for command in NGCommand.allCases {
            let total = proxies.reduce(UInt64(0)) { $0 + $1[command].count }
            report.append("total\(command.statisticsName.lowercased())count", total)
        }
        return report
    }

    static func text(_ proxies: [ControlStatistics.Proxy]) -> String {
        func row(_ title: String, _ cell: (NGCommand) -> String) -> String {
            let cells = NGCommand.allCases.map { ReportText.right(cell($0), 10) }
            return " \(ReportText.right(title, 20)) | " + cells.joined(separator: " | ") + " \n"
        }
        var text = "\nControl statistics:\n\n" + row("Proxy", \.statisticsName)
        for proxy in proxies { text += row("\(proxy.address)") { "\(proxy[$0].count)" } }
        return text
    }

    static func collect(_ proxies: [ControlStatistics.Proxy], into metrics: inout MetricWriter) {
        for proxy in proxies {
            let address = "\(proxy.address)"
            for command in NGCommand.allCases {
                let labels: KeyValuePairs = ["proxy": address, "request": command.rawValue]
                metrics.counter("rtpengine_requests_total", proxy[command].count, labels: labels)
                metrics.counter(
                    "rtpengine_request_seconds_total", seconds(proxy[command].nanoseconds), labels: labels)
            }
            metrics.counter("rtpengine_errors_total", proxy.errors, labels: ["proxy": address])
        }
    }
}
