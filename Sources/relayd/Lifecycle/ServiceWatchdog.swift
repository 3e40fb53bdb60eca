internal import RelayCore

/// The service manager's watchdog (`WatchdogSec=`): it hears from us twice in the time it allows.
struct ServiceWatchdog {
    private let interval: UInt64?
    private var next: UInt64 = 0

    /// - Parameter environment: with `WATCHDOG_USEC` and `WATCHDOG_PID`, if the manager wants to hear from us.
    init(environment: [String: String]) {
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(GuardedProcess.identifiers.own)" } ?? true
        interval = isOurs ? environment["WATCHDOG_USEC"].flatMap { UInt64($0) }.map { $0 * 500 } : nil
    }

    /// Tells the manager that we run, when it is time.
    mutating func pat(at now: UInt64) {
        guard let interval, now >= next else { return }
        next = now &+ interval
        // Nobody else could be told.
        try? SystemService.notify("WATCHDOG=1")
    }
}
