public import Logging
public import RelayCore
internal import Synchronization
public import WireFormat

/// Shares a relay's calls with the other relays of its group, through a store.
///
/// Whatever happens to the store, the relay does not notice: changes are noted here, and two threads of replication's own
/// do the rest.
///
/// ```swift
/// let replicator = try Replicator(relay: relay, store: RedisSessionStore(RedisSettings(location)))
/// try replicator.start()
/// // … calls come and go …
/// replicator.stop()
/// relay.stop()
/// ```
public final class Replicator: CallObserver {
    private let state: ReplicationState
    private let threads = Mutex<[SystemThread]>([])
    private let intake: RecordIntake
    private let store: any SessionStore
    private let options: ReplicationOptions

    /// Observes the relay's calls. Nothing is read or written before `start`.
    ///
    /// - Parameters:
    ///   - options: `nil` for the usual ones, and the relay's own name (`Relay.Configuration.node`).
    ///   - log: `nil` for one with the label `relay-store`.
    /// - Throws: `noResources` when there is no descriptor left.
    public init(
        relay: Relay, store: any SessionStore, options: ReplicationOptions? = nil, log: Logger? = nil
    ) throws(StoreError) {
        let options = options ?? ReplicationOptions(node: relay.node)
        (self.store, self.options) = (store, options)
        do throws(SystemError) {
            state = try ReplicationState(
                node: options.node, store: store.name, log: log ?? Logger(label: "relay-store"))
        } catch {
            throw StoreError(.noResources, "\(error)")
        }
        intake = RecordIntake(relay: relay, state: state, node: options.node)
        relay.observe(self)
    }

    deinit { stop() }

    /// Starts reading and writing.
    ///
    /// - Throws: `noResources` when there is no thread to be had.
    public func start() throws(StoreError) {
        do throws(SystemError) { try startThreads() } catch { throw StoreError(.noResources, "\(error)") }
    }

    private func startThreads() throws(SystemError) {
        let (store, intake, options) = (store, intake, options)
        let follower = try SystemThread(name: "store-follower") {
            var follower = StoreFollower(store, intake, options)
            follower.run()
        }
        threads.withLock { $0.append(follower) }
        let writer = try SystemThread(name: "store-writer") {
            var writer = StoreWriter(store, intake, options)
            writer.run()
        }
        threads.withLock { $0.append(writer) }
    }

    /// Writes what there is left to write, as far as the store takes it within two seconds, and ends. Calls stay in the
    /// store.
    public func stop() {
        state.stop()
        let all = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in all { thread.join() }
    }

    /// How this relay stands with the store and with the others now. Any thread, as often as one likes.
    package var standing: ReplicationStanding { state.standing(at: SystemClock.monotonic) }

    /// How replication is doing now. Any thread, some times a second at most: it counts the calls that wait to be written.
    public var status: ReplicationStatus {
        var status = state.status(at: SystemClock.monotonic)
        (status.obstructedCalls, status.obstacle) = intake.relay.obstructedCalls
        return status
    }

    /// Calls whose last change the store does not have. Any thread.
    public var unprotectedCalls: Set<ByteString> { state.values.withLock { $0.table.unprotectedCalls } }

    /// Whether everything in the store has been read since the start, or has become known to be out of reach.
    public enum Restoration: Sendable {
        case pending
        /// Everything has been read.
        case complete
        /// The store cannot be reached for now; it is tried again for as long as this runs.
        case failed
    }

    /// What became of reading the store at the start.
    public var restoration: Restoration {
        state.values.withLock { values in
            values.progress.isReadComplete ? .complete : values.hasTried ? .failed : .pending
        }
    }

    /// Waits until everything in the store has been read, for as long as the reading advances: of many calls it takes long,
    /// and so does opening their ports.
    ///
    /// - Parameters:
    ///   - patience: so long it may stand still; `nil` until something is known.
    ///   - endsWithFailure: a store that cannot be reached for now is not waited for.
    ///   - clock: monotonic, in nanoseconds.
    /// - Returns: what became of it so far.
    package func restore(
        patience: Duration?, endsWithFailure: Bool = false, clock: () -> UInt64 = { SystemClock.monotonic }
    ) async throws -> Restoration {
        // The clock first: what is read after it counts as later.
        var since = clock()
        var amount = state.amountRead
        while true {
            let restoration = restoration
            if restoration == .complete || endsWithFailure && restoration == .failed { return restoration }
            let now = clock()
            let read = state.amountRead
            if read > amount { (amount, since) = (read, now) }
            if let patience, now >= since &+ patience.nanoseconds { return restoration }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Asks the other relays what has arrived at an address, instead of an earlier question; `nil` for nothing. It takes them
    /// a second or two.
    package func ask(_ question: ReadingsQuestion?) {
        state.values.withLock { ($0.question, $0.answers) = (question, [:]) }
    }

    /// What they have answered so far, by their names.
    package var answers: [String: [StreamReading]] { state.values.withLock { $0.answers } }

    package func latestCreation(of id: ByteString) -> UInt64 {
        state.values.withLock { $0.table[id] }?.header.version.instance.created ?? 0
    }

    package func callChanged(_ id: ByteString) { state.note { $0.change(id) } }

    package func callEnded(_ ending: CallEnding) {
        state.note { $0.end(ending, at: SystemClock.monotonic) }
    }
}
