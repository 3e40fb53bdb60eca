internal import Foundation
internal import RelayCore
internal import RelayOperations

/// Where lines of the log go: standard error or syslog.
///
/// Both may be stuck: a pipe that nobody reads, a journal that hangs. No command, packet or guard waits for that, so lines
/// are written by a thread of their own, and those that it cannot get rid of are lost and counted.
final class LogOutput: MetricSource {
    /// Octets of lines that wait: some thousand lines, or a second of the most verbose level.
    private static let mostWaiting = 1 << 20
    /// At the end, what is left is written within this time.
    private static let farewell = Duration.seconds(1)

    private struct Line: Sendable {
        let severity: Int
        let text: String
    }

    private let options: LogSettings.Options
    private let writer: BackgroundWriter<Line>

    /// Standard error, and not syslog.
    var isStandardError: Bool { options.toStandardError }

    /// - Parameter options: of the log.
    init(_ options: LogSettings.Options) throws(SystemError) {
        self.options = options
        let write = options.toStandardError ? Self.toStandardError : SystemService.log
        writer = try BackgroundWriter(name: "log", limit: Self.mostWaiting) { lines, lost in
            for line in lines { write(line.severity, line.text) }
            if lost > 0 { write(4, "WARNING: [core] \(lost) lines of the log are lost here: it was stuck or slow") }
        }
    }

    @Sendable private static func toStandardError(severity: Int, _ text: String) {
        SystemService.writeError(text + "\n")
    }

    /// Has a line written. Any thread; does not wait.
    func write(severity: Int, _ line: String) {
        var text = line
        if options.toStandardError, options.hasTimestamps {
            let time = Date.now.formatted(.iso8601.time(includingFractionalSeconds: true).year().month().day())
            text = "\(time) \(line)"
        }
        writer.add(Line(severity: severity, text: text), weight: text.utf8.count)
    }

    /// Writes what is left before the process ends.
    func flush() { writer.flush(within: Self.farewell) }

    func collect(into metrics: inout MetricWriter) {
        metrics.counter("relay_log_lost_lines_total", writer.lost, help: "Lines of the log that it did not take")
    }
}
