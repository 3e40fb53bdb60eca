internal import Logging
package import RelayCore
internal import Synchronization

/// Writes the records of calls that are over, on a thread of its own: a log that is stuck must not hold calls up.
package final class RecordWriter: CallEndObserver, MetricSource {
    /// Records that wait to be written; more are dropped and counted.
    private static let mostWaiting = 10_000

    private struct State {
        var waiting: [CallRecord] = []
        var dropped: UInt64 = 0
        var isStopping = false
    }

    private final class Core: Sendable {
        let state = Mutex(State())
        let bell: Poller
        let write: @Sendable (CallRecord) -> Void

        init(write: @escaping @Sendable (CallRecord) -> Void) throws(SystemError) {
            self.write = write
            bell = try Poller()
        }

        func run() {
            var tags = [UInt64](repeating: 0, count: 1)
            while true {
                let (records, isStopping) = state.withLock { state in
                    defer { state.waiting.removeAll(keepingCapacity: true) }
                    return (state.waiting, state.isStopping)
                }
                for record in records { write(record) }
                if records.isEmpty {
                    if isStopping { return }
                    _ = bell.wait(&tags, milliseconds: -1)
                }
            }
        }
    }

    private let core: Core
    private let thread: SystemThread
    private let isWanted: @Sendable () -> Bool

    /// - Parameters:
    ///   - isWanted: whether anything would be written now; asked for each call, so it should be quick.
    ///   - write: writes a record; may block.
    package init(
        isWanted: @escaping @Sendable () -> Bool, write: @escaping @Sendable (CallRecord) -> Void
    ) throws(SystemError) {
        let core = try Core(write: write)
        (self.core, self.isWanted) = (core, isWanted)
        thread = try SystemThread(name: "records") { core.run() }
    }

    package var wantsReports: Bool { isWanted() }

    package func callEnded(_ report: CallReport, reason: TerminationReason) {
        let record = CallRecord(report: report, reason: reason, end: SystemClock.wall / 1000)
        core.state.withLock { state in
            if state.waiting.count < Self.mostWaiting { state.waiting.append(record) } else { state.dropped += 1 }
        }
        core.bell.wake()
    }

    /// Writes what is left, and ends the thread.
    package func stop() {
        core.state.withLock { $0.isStopping = true }
        core.bell.wake()
        thread.join()
    }

    package func collect(into metrics: inout MetricWriter) {
        let (waiting, dropped) = core.state.withLock { ($0.waiting.count, $0.dropped) }
        metrics.gauge("relay_records_waiting", waiting, help: "Records of ended calls that wait for the log")
        metrics.counter(
            "relay_records_dropped_total", dropped, help: "Records of ended calls that the log was too slow for")
    }
}
