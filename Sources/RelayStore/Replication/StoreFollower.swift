internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Reads what other relays have changed, and hands it to this one. Lives on a thread of its own.
struct StoreFollower {
    /// Changes that are asked for at a time.
    private static let changesAtATime = 1024
    /// Records that are asked for at a time: bounds what is in memory.
    private static let recordsAtATime = 256
    /// From one look at the index to the next, however many notifications come.
    private static let pause: UInt64 = 5_000_000
    /// How often the index is looked at when nothing has been heard.
    private static let pollInterval = Duration.seconds(1)

    private let store: any SessionStore
    private let state: ReplicationState
    private let intake: RecordIntake
    private var pacer: RetryPacer
    private var server: String?
    private var incarnation: [UInt8] = []
    /// Of the last change that was taken over.
    private var position: UInt64 = 0
    /// Everything is compared: what is known already is not read again.
    private var isResync = true

    init(_ store: any SessionStore, _ intake: RecordIntake, _ options: ReplicationOptions) {
        (self.store, state, self.intake) = (store, intake.state, intake)
        pacer = RetryPacer(options)
    }

    /// Follows until replication stops.
    mutating func run() {
        while !state.hasStopped {
            do throws(StoreError) {
                let session = try store.open(.following, bell: state.followerBell)
                try follow(session)
            } catch {
                state.failed(.follower, error)
                state.followerBell.wait(pacer.pause())
            }
        }
    }

    private mutating func follow(_ session: any StoreSession) throws(StoreError) {
        if session.server != server {
            beginResync(isGap: false)
            server = session.server
        }
        state.connected(.follower, to: session.server)
        while !state.hasStopped {
            let next = SystemClock.monotonic &+ Self.pause
            try read(session)
            pacer.succeed()
            if state.hasStopped { return }
            try session.awaitChange(Self.pollInterval)
            let now = SystemClock.monotonic
            if now < next, !state.hasStopped { state.followerBell.wait(.nanoseconds(next - now)) }
        }
    }

    private mutating func beginResync(isGap: Bool) {
        (position, isResync) = (0, true)
        state.beginResync(isGap: isGap)
    }

    /// Takes over everything that has changed since the last time.
    private mutating func read(_ session: any StoreSession) throws(StoreError) {
        let now = SystemClock.monotonic
        let store = try session.position()
        let isOther = store.incarnation != incarnation && !incarnation.isEmpty
        // Numbers begin anew, or endings were removed before we have seen them.
        let isGap = isOther || store.sequence < position || position > 0 && store.pruned > position
        if isGap {
            state.values.withLock { $0.table.resetSequences() }
            beginResync(isGap: true)
        }
        incarnation = store.incarnation
        state.expect(store.sequence)
        try readMissed(session)
        while !state.hasStopped {
            let changes = try session.changes(after: position, limit: Self.changesAtATime)
            try take(changes, session)
            if let last = changes.last {
                position = last.sequence
                state.advance(to: position)
            }
            guard changes.count == Self.changesAtATime else {
                // The last changes may have left the index since: nothing up to here is still to be read.
                position = max(position, store.sequence)
                break
            }
        }
        isResync = false
        state.completeReading(position: position, at: now)
    }

    /// Reads what looked like a change of our own and was none.
    private func readMissed(_ session: any StoreSession) throws(StoreError) {
        let missed = state.values.withLock { $0.table.takeMissed() }
        try take(missed.map { StoreChange(callID: $0, sequence: 0) }, known: false, session)
    }

    private func take(_ changes: [StoreChange], _ session: any StoreSession) throws(StoreError) {
        let wanted = state.values.withLock { values in
            changes.filter { values.table.needsReading($0, from: session.server) }
        }
        try take(wanted, known: isResync, session)
    }

    /// - Parameter known: much of it is likely to be known already: look at the first lines before reading all.
    private func take(_ changes: [StoreChange], known: Bool, _ session: any StoreSession) throws(StoreError) {
        let isOld = isResync && state.knowsItsCalls
        var rest = changes[...]
        while !rest.isEmpty, !state.hasStopped {
            var some = Array(rest.prefix(Self.recordsAtATime))
            rest = rest.dropFirst(Self.recordsAtATime)
            if known { some = try unknown(some, session) }
            guard !some.isEmpty else { continue }
            for (change, record) in zip(some, try session.records(of: some.map(\.callID))) {
                switch record {
                case .record(let bytes):
                    intake.take(
                        bytes, of: change.callID, sequence: change.sequence, from: session.server, isOld: isOld)
                case .unreadable:
                    state.countSkippedRecord(change.callID, "not a string, or too long")
                case .missing:
                    state.noteMissing(change.callID)
                }
            }
        }
    }

    /// Those changes whose records have to be read.
    private func unknown(_ changes: [StoreChange], _ session: any StoreSession) throws(StoreError) -> [StoreChange] {
        let local = changes.map { intake.header(of: $0.callID) }
        guard local.contains(where: { $0 != nil }) else { return changes }
        let now = SystemClock.monotonic
        let stored = try session.headers(of: changes.map(\.callID))
        var unknown: [StoreChange] = []
        for (index, change) in changes.enumerated() {
            guard let known = local[index], case .header(let header) = stored[index], !(known < header) else {
                unknown.append(change)
                continue
            }
            state.values.withLock {
                $0.table.read(change.callID, header, sequence: change.sequence, from: session.server, at: now)
            }
            if header < known { state.note { $0.change(change.callID, isUrgent: known.isLive) } }
        }
        return unknown
    }
}
