internal import Logging
internal import RelayCore
internal import Synchronization
internal import WireFormat

/// What the threads of replication and everybody who asks share. Its lock is held for moments, and never while a relay or
/// a store is called.
final class ReplicationState: Sendable {
    struct Values {
        var table = CallTable()
        var status = ReplicationStatus()
        var progress = StoreProgress()
        /// The writer waits for something to write.
        var isWriterWaiting = false
        /// Everything that this relay knows is to be compared with the store, since that may have lost something, or this
        /// relay may have missed something.
        var isAuditWanted = true
        /// Monotonic time since which this relay has not been in step.
        var outOfStepSince: UInt64?
        /// Calls in the change index whose records are gone.
        var withoutRecord: Set<ByteString> = []
        /// Another process has our name.
        var hasNamesake = false
        /// The first reading is through, or the first attempt has failed.
        var hasTried = false
        /// The last number in the index that was ever taken over, in a resync or before.
        var furthest: UInt64 = 0
        /// What the others are being asked, and who has answered what.
        var question: ReadingsQuestion?
        var answers: [String: [StreamReading]] = [:]
    }

    /// Calls without records that are remembered at most. What is beyond that the next one finds who reads everything; endings
    /// among them are pruned in any case.
    private static let mostWithoutRecord = 65_536

    let values: Mutex<Values>
    /// Gets the writer out of its waiting.
    let writerBell: Bell
    /// Gets the follower out of its waiting.
    let followerBell: Bell
    private let isStopping = Atomic<Bool>(false)
    private let log: Logger

    init(node: String, store: String, log: Logger) throws(SystemError) {
        (writerBell, followerBell) = (try Bell(), try Bell())
        var values = Values()
        (values.status.node, values.status.store) = (node, store)
        values.outOfStepSince = SystemClock.monotonic
        self.values = Mutex(values)
        self.log = log
    }

    // MARK: Stopping

    func stop() {
        isStopping.store(true, ordering: .releasing)
        writerBell.ring()
        followerBell.ring()
    }

    var hasStopped: Bool { isStopping.load(ordering: .acquiring) }

    // MARK: Changes of the relay

    /// Notes something to write, and wakes the writer if it sleeps. Any thread; waits for nobody.
    func note(_ change: (inout CallTable) -> Void) {
        let wakes = values.withLock { values in
            change(&values.table)
            defer { values.isWriterWaiting = values.isWriterWaiting && values.table.isIdle }
            return values.isWriterWaiting && !values.table.isIdle
        }
        if wakes { writerBell.ring() }
    }

    // MARK: Connections

    enum Role { case writer, follower }

    func connected(_ role: Role, to server: String) {
        let isNews = values.withLock { values in
            !values.setConnected(role, true)
        }
        if isNews { log.notice("\(role == .writer ? "writing calls to" : "following calls in") \(server)") }
    }

    func failed(_ role: Role, _ error: StoreError) {
        let isNews = values.withLock { values in
            values.status.errors += 1
            values.status.lastError = error.description
            let before = values.setConnected(role, false)
            let isFirst = !values.hasTried
            values.hasTried = true
            return before || isFirst
        }
        if isNews {
            let work = role == .writer ? "calls are unprotected" : "calls of other relays are not followed"
            log.warning("\(work) for now: \(error)")
        }
    }

    /// Another process announces itself under our name. Then there are calls of that name that we do not know.
    func reportStranger() {
        let text = "another relay of the group has our name; give each its own (--node)"
        let isNews = values.withLock { values in
            values.hasNamesake = true
            defer { values.status.lastError = text }
            values.status.errors += 1
            return values.status.lastError != text
        }
        if isNews { log.error("\(text)") }
    }

    // MARK: Reading

    /// Whether a call of ours that we do not know can only be one that is over.
    var knowsItsCalls: Bool { values.withLock { $0.status.knowsItsCalls && !$0.hasNamesake } }

    func countStaleCall(_ callID: ByteString) {
        let count = values.withLock { values in
            values.status.staleCalls += 1
            return values.status.staleCalls
        }
        if count == 1 { log.warning("the store has come back with calls of ours that are over: they are ended there") }
    }

    /// A reading has begun that will go up to this number.
    func expect(_ sequence: UInt64) { values.withLock { $0.progress.storeSequence = sequence } }

    func advance(to position: UInt64) {
        values.withLock { values in
            values.progress.position = position
            values.furthest = max(values.furthest, position)
        }
    }

    /// Grows with everything that is read from the store for the first time.
    var amountRead: UInt64 { values.withLock { $0.furthest + $0.status.appliedChanges } }

    func completeReading(position: UInt64, at now: UInt64) {
        let isFirst = values.withLock { values in
            values.progress.position = position
            values.progress.lastComplete = now
            defer { (values.progress.isReadComplete, values.hasTried) = (true, true) }
            return !values.progress.isReadComplete
        }
        if isFirst { log.notice("all calls in the store have been read") }
    }

    /// Whatever was read before does not count any more.
    ///
    /// - Parameter isGap: changes were missed. Endings among them are in no index any more, so what this relay holds has to
    ///   be compared, too.
    func beginResync(isGap: Bool) {
        if isGap { demandAudit() }
        values.withLock { values in
            values.progress.isReadComplete = false
            if isGap { values.status.gaps += 1 }
            if isGap || values.progress.lastComplete > 0 { values.status.resyncs += 1 }
            values.progress.position = 0
        }
    }

    /// Everything that this relay knows is to be compared with the store.
    func demandAudit() {
        values.withLock { values in (values.isAuditWanted, values.progress.isAudited) = (true, false) }
    }

    /// The index names a call whose record is gone: it has expired, was evicted, or somebody removed it.
    func noteMissing(_ callID: ByteString) {
        values.withLock { values in
            if values.withoutRecord.count < Self.mostWithoutRecord { values.withoutRecord.insert(callID) }
        }
    }

    func countSkippedRecord(_ callID: ByteString, _ reason: String) {
        let count = values.withLock { values in
            values.status.skippedRecords += 1
            return values.status.skippedRecords
        }
        // The first ones are worth a line each; beyond that the counter says enough.
        if count <= 10 { log.warning("a record is left alone: \(reason)", metadata: ["call-id": "\(callID)"]) }
    }

    // MARK: Asking

    /// Whether this relay could go on with the calls of the others.
    func isInStep(at now: UInt64) -> Bool { values.withLock { $0.progress.isInStep(at: now) } }

    /// What routes and signs of life go by.
    func standing(at now: UInt64) -> ReplicationStanding {
        values.withLock { values in
            values.noteStep(at: now)
            return ReplicationStanding(
                step: values.progress.step(at: now), canWrite: values.progress.canWrite, peers: values.status.peers)
        }
    }

    /// How replication is doing now.
    ///
    /// - Complexity: O(n) in the calls that wait to be written, under the lock: for people, not for each sign of life.
    func status(at now: UInt64) -> ReplicationStatus {
        values.withLock { values in
            values.noteStep(at: now)
            var status = values.status
            status.isInStep = values.progress.isInStep(at: now)
            (status.canWrite, status.canRead) = (values.progress.canWrite, values.progress.canRead)
            (status.position, status.lag) = (values.progress.position, values.progress.lag)
            status.outOfStepFor = values.outOfStepSince.map { .nanoseconds(now - min(now, $0)) }
            status.unprotectedCalls = values.table.unprotected
            status.lostEndings = values.table.lostEndings
            status.rememberedEndings = values.table.endings
            return status
        }
    }
}

extension ReplicationState.Values {
    /// Notes that a connection works, or does not.
    ///
    /// - Returns: whether it did before.
    fileprivate mutating func setConnected(_ role: ReplicationState.Role, _ isConnected: Bool) -> Bool {
        switch role {
        case .writer:
            defer { progress.canWrite = isConnected }
            return progress.canWrite
        case .follower:
            defer { progress.canRead = isConnected }
            return progress.canRead
        }
    }

    fileprivate mutating func noteStep(at now: UInt64) {
        outOfStepSince = progress.isInStep(at: now) ? nil : outOfStepSince ?? now
    }
}
