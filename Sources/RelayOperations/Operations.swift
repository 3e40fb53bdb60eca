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

    /// All numbers as they are now.
    package var metrics: MetricWriter {
        var writer = MetricWriter()
        for source in sources.withLock({ $0 }) { source.collect(into: &writer) }
        return writer
    }
}
