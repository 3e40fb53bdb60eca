internal import RelayCore
internal import Synchronization

/// Has flows ask for their way out anew as soon as anything changes that they may have it from: routes, rules, neighbours,
/// addresses, interfaces. While it does, they keep the way out for a second, without it for a tenth (docs/adr/0023, 0033).
final class RouteWatch: Sendable {
    /// Milliseconds between two words that nothing has been missed: twice in the time that the program believes one.
    private static let interval: Int32 = 40

    private let news: Descriptor
    private let bell: Poller
    private let thread: Mutex<SystemThread?> = Mutex(nil)
    private let isStopped = Atomic<Bool>(false)

    /// Starts watching in this network namespace.
    init(_ table: KernelTable) throws(SystemError) {
        let news = try RouteNews.open()
        let bell = try Poller()
        try bell.add(news.number, tag: 0)
        (self.news, self.bell) = (news, bell)
        // What has changed before now has been missed.
        table.renewRoutes()
        let thread = try SystemThread(name: "kernel-routes") { [self] in
            var tags = [UInt64](repeating: 0, count: 2)
            var news = RouteNews(news)
            while !isStopped.load(ordering: .acquiring) {
                let count = bell.wait(&tags, milliseconds: Self.interval)
                // What has come since the wait is what the next one ends with.
                let now = SystemClock.monotonic
                if count != 0 {
                    // All that is waiting is one change.
                    guard let isOther = try? news.take() else { return }
                    if isOther { table.renewRoutes() }
                }
                table.routesAreKnown(at: now)
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
