internal import Logging
package import RelayCore

/// Writes the records of calls that are over, on a thread of its own: a log that is stuck must not hold calls up.
package final class RecordWriter: CallEndObserver, MetricSource {
    /// Records that wait to be written; more are dropped and counted.
    private static let mostWaiting = 10_000

    /// At the end, the log gets so long to take what is left.
    private static let farewell = Duration.seconds(2)

    private let writer: BackgroundWriter<CallRecord>
    private let isWanted: @Sendable () -> Bool

    /// - Parameters:
    ///   - isWanted: whether anything would be written now; asked for each call, so it should be quick.
    ///   - write: writes a record; may block.
    ///   - tellLoss: told how many were lost behind those that have just been written.
    package init(
        isWanted: @escaping @Sendable () -> Bool, write: @escaping @Sendable (CallRecord) -> Void,
        tellLoss: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) throws(SystemError) {
        self.isWanted = isWanted
        writer = try BackgroundWriter(name: "records", limit: Self.mostWaiting) { records, lost in
            for record in records { write(record) }
            if lost > 0 { tellLoss(lost) }
        }
    }

    package var wantsReports: Bool { isWanted() }

    package func callEnded(_ report: CallReport, reason: TerminationReason) {
        writer.add(CallRecord(report: report, reason: reason, end: SystemClock.wall / 1000))
    }

    /// Writes what is left, and ends the thread.
    package func stop() { writer.stop(within: Self.farewell) }

    package func collect(into metrics: inout MetricWriter) {
        metrics.gauge("relay_records_waiting", writer.waiting, help: "Records of ended calls that wait for the log")
        metrics.counter(
            "relay_records_dropped_total", writer.lost, help: "Records of ended calls that the log was too slow for")
    }
}
