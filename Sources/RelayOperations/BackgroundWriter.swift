package import RelayCore
internal import Synchronization

/// Hands items to somebody who may be slow, or stuck for ever, on a thread of its own. Nobody waits for that: what does not
/// fit any more is lost and counted.
package final class BackgroundWriter<Item: Sendable>: Sendable {
    private struct State {
        var waiting: [Item] = []
        var weight = 0
        var lost: UInt64 = 0
        /// Lost since `write` was last told.
        var unreported: UInt64 = 0
        var isWriting = false
        var isAwaited = false
        var isStopping = false

        /// Takes everything that waits. When there is nothing, whoever awaits that is told.
        mutating func take(telling done: Poller) -> (items: [Item], lost: UInt64, isStopping: Bool) {
            let (items, lost) = (waiting, unreported)
            (waiting, weight, unreported) = ([], 0, 0)
            isWriting = !items.isEmpty
            if !isWriting, isAwaited {
                isAwaited = false
                done.wake()
            }
            return (items, lost, isStopping)
        }
    }

    private final class Core: Sendable {
        let state = Mutex(State())
        /// Something is waiting, or we are to end.
        let bell: Poller
        /// Everything that was waiting has been written, and somebody wants to know.
        let done: Poller
        let write: @Sendable (_ items: [Item], _ lost: UInt64) -> Void

        init(write: @escaping @Sendable ([Item], UInt64) -> Void) throws(SystemError) {
            self.write = write
            (bell, done) = (try Poller(), try Poller())
        }

        func run() {
            var tags = [UInt64](repeating: 0, count: 1)
            while true {
                let (items, lost, isStopping) = state.withLock { $0.take(telling: done) }
                if items.isEmpty {
                    if isStopping { return }
                    _ = bell.wait(&tags, milliseconds: -1)
                } else {
                    write(items, lost)
                }
            }
        }
    }

    private let core: Core
    private let limit: Int
    private let thread: SystemThread

    /// - Parameters:
    ///   - name: of the thread.
    ///   - limit: what may wait, in whatever unit `add` is told.
    ///   - write: writes items in their order, behind which so many others were lost; may block.
    package init(
        name: String, limit: Int, write: @escaping @Sendable (_ items: [Item], _ lost: UInt64) -> Void
    ) throws(SystemError) {
        let core = try Core(write: write)
        (self.core, self.limit) = (core, limit)
        thread = try SystemThread(name: name, takesSignals: false) { core.run() }
    }

    /// Has an item written as soon as it is its turn, or loses it. Any thread; does not wait.
    package func add(_ item: Item, weight: Int = 1) {
        let isFirst = core.state.withLock { state in
            guard state.weight + weight <= limit else {
                (state.lost, state.unreported) = (state.lost + 1, state.unreported + 1)
                return false
            }
            state.waiting.append(item)
            state.weight += weight
            return state.waiting.count == 1 && !state.isWriting
        }
        if isFirst { core.bell.wake() }
    }

    /// How many items were lost.
    package var lost: UInt64 { core.state.withLock { $0.lost } }
    /// How many wait.
    package var waiting: Int { core.state.withLock { $0.waiting.count } }

    /// Waits until everything has been written, but not for ever. One caller at a time.
    ///
    /// - Returns: whether it has.
    @discardableResult
    package func flush(within limit: Duration) -> Bool {
        var tags = [UInt64](repeating: 0, count: 1)
        _ = core.done.wait(&tags, milliseconds: 0)  // what an earlier caller did not wait for
        core.state.withLock { $0.isAwaited = true }
        core.bell.wake()
        return core.done.wait(&tags, milliseconds: Int32(clamping: limit.nanoseconds / 1_000_000)) > 0
    }

    /// Writes what is left, as far as that is possible within so much time, and ends the thread.
    package func stop(within limit: Duration) {
        let isDone = flush(within: limit)
        core.state.withLock { $0.isStopping = true }
        core.bell.wake()
        // One that is stuck is left behind.
        if isDone { thread.join() }
    }
}
