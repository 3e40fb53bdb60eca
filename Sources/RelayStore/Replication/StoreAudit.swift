internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Compares what this relay knows with what the store has, after the store may have lost something, and now and then
/// in any case. What the store lacks is offered to it, by everybody who has it. Takes one step at a time, so that changes
/// need not wait.
struct StoreAudit {
    private static let callsAtATime = 512
    /// Without any reason, all calls are compared so often. Endings are not: whoever offers a call that has ended to a store
    /// that has lost its ending is told by all that remember it.
    private static let interval = Duration.seconds(300)
    private var last: UInt64 = 0
    /// Up to this monotonic time this relay has heard of every ending.
    private var knowledge = SystemClock.monotonic
    /// Since when this relay has been in step, if it is.
    private var inStepSince: UInt64?
    /// What is still to be compared; `nil` when nothing is being compared.
    private var rest: ArraySlice<ByteString>?
    private var doubtful = DoubtfulCalls()

    /// The store lacks a call of another relay although its index has it.
    mutating func doubt(_ callID: ByteString, of owner: String) {
        doubtful.add(callID, of: owner, at: SystemClock.monotonic)
    }

    /// Another second has begun.
    ///
    /// - Parameter peers: the relays that are there.
    mutating func beat(_ intake: RecordIntake, _ options: ReplicationOptions, peers: Set<String>) {
        let now = SystemClock.monotonic
        doubtful.look(peers, patience: options.patience.nanoseconds, at: now)
        if rest == nil, now >= last &+ Self.interval.nanoseconds { begin(intake.relay.callIDs(limit: .max), at: now) }
        guard intake.state.isInStep(at: now) else { return inStepSince = nil }
        let since = inStepSince ?? now
        (knowledge, inStepSince) = (now, since)
        if now >= since &+ options.patience.nanoseconds {
            intake.state.values.withLock { $0.status.knowsItsCalls = true }
        }
    }

    private mutating func begin(_ calls: [ByteString], at now: UInt64) { (rest, last) = (calls[...], now) }

    /// Does some of what there is to do. What fails is done again.
    ///
    /// - Returns: whether there may be more.
    mutating func step(
        _ intake: RecordIntake, _ session: any StoreSession, _ options: ReplicationOptions
    ) throws(StoreError) -> Bool {
        let now = SystemClock.monotonic
        let isWanted = intake.state.values.withLock { values in
            defer { values.isAuditWanted = false }
            return values.isAuditWanted
        }
        if isWanted {
            let calls = intake.relay.callIDs(limit: .max)
            begin(calls + intake.state.values.withLock { $0.table.endedCalls }, at: now)
        }
        guard let rest else { return try settle(intake, session, at: now) }
        let some = Array(rest.prefix(Self.callsAtATime))
        if !some.isEmpty { try compare(some, intake, session, options, at: now) }
        self.rest = rest.dropFirst(some.count)
        if self.rest?.isEmpty == true {
            self.rest = nil
            intake.state.values.withLock { $0.progress.isAudited = !$0.isAuditWanted }
        }
        return true
    }

    private mutating func compare(
        _ calls: [ByteString], _ intake: RecordIntake, _ session: any StoreSession, _ options: ReplicationOptions,
        at now: UInt64
    ) throws(StoreError) {
        // For somewhat less than the life time of an ending, each is either in the store or in some relay's memory, so that
        // a relay may trust in a call that it knows.
        let isTrusted = now < knowledge &+ (options.endingLifetime * 9 / 10).nanoseconds
        for (callID, stored) in zip(calls, try session.headers(of: calls)) {
            guard let known = intake.header(of: callID) else { continue }
            let owner = known.version.ownership.node
            switch stored {
            case .missing where known.isLive && owner != options.node && !isTrusted:
                doubt(callID, of: owner)
            case .missing:
                intake.state.note { $0.change(callID, isUrgent: known.isLive) }
            case .header(let header) where header < known:
                intake.state.note { $0.change(callID, isUrgent: known.isLive) }
            case .header(let header) where header == known:
                intake.state.values.withLock {
                    $0.table.read(callID, header, sequence: 0, from: session.server, at: now)
                }
            case .header:
                continue  // the follower will read it
            case .unreadable:
                intake.state.values.withLock { $0.table.block(callID) }
            }
        }
    }

    /// When the owner of a doubtful call is there and does not offer it, the call is over; when the owner does not come back,
    /// the call may be worth keeping.
    ///
    /// - Returns: whether there were any to decide about.
    private mutating func settle(
        _ intake: RecordIntake, _ session: any StoreSession, at now: UInt64
    ) throws(StoreError) -> Bool {
        let calls = doubtful.due(Self.callsAtATime)
        guard !calls.isEmpty else { return false }
        for (callID, stored) in zip(calls, try session.headers(of: calls)) {
            guard let (owner, isThere) = doubtful.take(callID), stored == .missing,
                let version = intake.relay.version(of: callID)
            else { continue }
            if version.ownership.node != owner, version.ownership.node != intake.node {
                doubt(callID, of: version.ownership.node)
            } else if isThere, version.ownership.node == owner {
                intake.relay.apply(CallEnding(callID: callID, version: version, isFinal: false))
                intake.state.values.withLock { $0.table.forget(callID) }
            } else {
                intake.state.note { $0.change(callID) }
            }
        }
        return true
    }
}
