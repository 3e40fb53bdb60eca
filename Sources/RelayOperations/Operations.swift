internal import Synchronization

/// What an operator sees of a relay and tells it: numbers and commands, from all its parts.
package final class Operations: Sendable {
    /// The commands.
    package let console = Console()
    private let sources = Mutex<[any MetricSource]>([])

    package init() {}

    /// Adds numbers, to be shown behind those that are there.
    package func add(_ source: any MetricSource) { sources.withLock { $0.append(source) } }

    /// Adds a command.
    package func add(_ command: any ConsoleCommand) { console.add(command) }

    /// The numbers that rtpengine does not have, by name and labels.
    var ownReport: ReportObject {
        var report = ReportObject()
        for family in metrics.families where !family.name.hasPrefix("rtpengine_") {
            for sample in family.samples {
                let labels = sample.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
                report.append(family.name + (labels.isEmpty ? "" : "{\(labels)}"), sample.value.report)
            }
        }
        return report
    }

    /// All numbers as they are now.
    package var metrics: MetricWriter {
        var writer = MetricWriter()
        for source in sources.withLock({ $0 }) { source.collect(into: &writer) }
        return writer
    }
}
