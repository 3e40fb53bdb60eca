internal import Logging
internal import RelayCore
internal import RelayFailover
internal import Synchronization
internal import WireFormat

/// Where route changes go: to the guard, which carries them out, or without one to a driver of our own. Any thread.
final class RouteOutlet: Sendable {
    private let link: GuardLink?
    private let method: AnnounceMethod?
    private let log: Logger
    private let own: Mutex<RouteAnnouncer?>

    /// - Throws: when nobody guards us and the interfaces or the pipe cannot be had.
    init(link: GuardLink?, method: AnnounceMethod?, log: Logger) throws(SystemError) {
        (self.link, self.method, self.log) = (link, method, log)
        own = Mutex(link == nil ? try RouteAnnouncer(method, log: log) : nil)
    }

    /// Announces an address at a level.
    func announce(_ address: IPAddress, at level: RouteLevel) {
        if let link, link.tell(.route(address, level)) { return }
        own.withLock { announcer in
            if announcer == nil {
                log.error("the guard is gone: routes are announced without it")
                // Failing is reported with every change.
                do { announcer = try RouteAnnouncer(method, log: log) } catch { log.error("\(error)") }
            }
            announcer?.want(level, for: address, at: SystemClock.monotonic)
        }
    }

    /// Some times a second.
    func tick() {
        own.withLock { announcer in
            guard announcer != nil else { return }
            while let (process, status) = GuardedProcess.reap() {
                _ = announcer?.ended(process, status: status, at: SystemClock.monotonic)
            }
            announcer?.tick(at: SystemClock.monotonic)
        }
    }
}
