/// The numbers that rtpengine shows too, in its order: one tree for `list totals`, `list jsonstats`, `statistics` and
/// Prometheus.
package struct StatisticsTree: Sendable {
    /// One number.
    struct Entry: Sendable {
        /// In JSON.
        let key: String
        /// On the console; empty where it is not shown.
        let text: String
        /// Behind the number on the console.
        var unit = ""
        let value: MetricWriter.Value
        var metric: Metric?
        /// What the console shows in place of the value.
        var shown: String?
    }

    /// What Prometheus calls a number.
    struct Metric: Sendable {
        let name: String
        let kind: MetricWriter.Kind
        let help: String
        var label: MetricWriter.Label?
    }

    /// Numbers under one heading.
    struct Section: Sendable {
        let key: String
        let title: String
        var entries: [Entry] = []

        mutating func add(
            _ key: String, _ text: String, _ value: some BinaryInteger, unit: String = "",
            _ metric: Metric? = nil
        ) {
            entries.append(
                Entry(
                    key: key, text: text, unit: unit, value: .integer(Int64(clamping: value)), metric: metric))
        }

        mutating func add(
            _ key: String, _ text: String, _ value: Double, unit: String = "", _ metric: Metric? = nil
        ) {
            entries.append(
                Entry(key: key, text: text, unit: unit, value: .decimal(value), metric: metric))
        }
    }

    var sections: [Section]

    /// Width of the texts on the console.
    private static let textWidth = 48

    /// The tree as `list jsonstats` shows it.
    var report: ReportObject {
        var report = ReportObject()
        for section in sections {
            var object = ReportObject()
            for entry in section.entries { object.append(entry.key, entry.value.report) }
            report.append(section.key, .object(object))
        }
        return report
    }

    /// One section as `list totals` shows it.
    static func text(_ section: Section) -> String {
        var text = "\n\(section.title):\n\n"
        for entry in section.entries where !entry.text.isEmpty {
            text += " \(ReportText.left(entry.text, textWidth)):\(entry.shown ?? entry.value.text)\(entry.unit)\n"
        }
        return text
    }

    /// The numbers that Prometheus gets.
    func collect(into metrics: inout MetricWriter) {
        for entry in sections.flatMap(\.entries) {
            guard let metric = entry.metric else { continue }
            metrics.add(
                "rtpengine_" + metric.name, metric.kind, entry.value, metric.help, metric.label.map { [$0] } ?? [])
        }
    }
}

extension MetricWriter.Value {
    /// The number in a report.
    var report: ReportValue {
        switch self {
        case .integer(let value): .integer(value)
        case .decimal(let value): .decimal(value)
        }
    }
}

extension StatisticsTree.Metric {
    static func gauge(_ name: String, _ help: String, _ label: (String, String)? = nil) -> Self {
        Self(name: name, kind: .gauge, help: help, label: label.map { .init($0.0, $0.1) })
    }

    static func counter(_ name: String, _ help: String, _ label: (String, String)? = nil) -> Self {
        Self(name: name, kind: .counter, help: help, label: label.map { .init($0.0, $0.1) })
    }
}
