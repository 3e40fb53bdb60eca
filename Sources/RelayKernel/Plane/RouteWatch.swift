internal import CRelayKernel
internal import RelayCore
internal import Synchronization

/// Has flows ask for their way out anew as soon as anything changes that they may have it from: routes, rules, neighbours,
/// addresses, interfaces. Without it they do so after a tenth of a second (docs/adr/0023).
final class RouteWatch: Sendable {
    private let news: Descriptor
    private let bell: Poller
    private let thread: Mutex<SystemThread?> = Mutex(nil)
    private let isStopped = Atomic<Bool>(false)

    /// Starts watching in this network namespace.
    init(_ table: KernelTable) throws(SystemError) {
        let news = try Descriptor(relay_watch_routes(), "watch routes")
        let bell = try Poller()
        try bell.add(news.number, tag: 0)
        (self.news, self.bell) = (news, bell)
        // What has changed before now has been missed.
        table.renewRoutes()
        let thread = try SystemThread(name: "kernel-routes") { [self] in
            var tags = [UInt64](repeating: 0, count: 2)
            while !isStopped.load(ordering: .acquiring) {
                _ = bell.wait(&tags, milliseconds: -1)
                // All that is waiting is one change.
                guard relay_drain_routes(news.number) == 0 else { return }
                table.renewRoutes()
            }
        }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        bell.wake()
        thread.withLock { $0 }?.join()
    }
}
