internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Compares what this relay knows with what the store has, after the store may have lost something, and now and then
/// in any case. What the store lacks is offered to it, by everybody who has it.
struct StoreAudit {
    private static let callsAtATime = 512
    /// Without any reason, everything is compared so often.
    private static let interval = Duration.seconds(300)
    private var last: UInt64 = 0
    /// Up to this monotonic time this relay has heard of every ending.
    private var knowledge = SystemClock.monotonic
    /// Since when this relay has been in step, if it is.
    private var inStepSince: UInt64?
    /// Calls of other relays that the store lacks and that may have ended while this relay was away, and since when their
    /// owners have been there.
    private var doubtful: [ByteString: UInt64?] = [:]

    /// The store lacks a call of another relay although its index has it.
    mutating func doubt(_ callID: ByteString) {
        if doubtful[callID] == nil { doubtful[callID] = .some(nil) }
    }

    /// Does what is due.
    ///
    /// - Parameter peers: the relays that are there.
    mutating func run(
        _ intake: RecordIntake, _ session: any StoreSession, _ options: ReplicationOptions, peers: Set<String>
    ) throws(StoreError) {
        let now = SystemClock.monotonic
        let isWanted = intake.state.values.withLock { values in
            defer { values.isAuditWanted = false }
            return values.isAuditWanted
        }
        if isWanted || now >= last &+ Self.interval.nanoseconds {
            do throws(StoreError) { try compare(intake, session, options, at: now) } catch {
                intake.state.demandAudit()
                throw error
            }
            last = now
            intake.state.values.withLock { $0.progress.isAudited = !$0.isAuditWanted }
        }
        if !doubtful.isEmpty { try settle(intake, session, options, peers, at: now) }
        guard intake.state.isInStep(at: now) else { return inStepSince = nil }
        let since = inStepSince ?? now
        (knowledge, inStepSince) = (now, since)
        if now >= since &+ options.patience.nanoseconds {
            intake.state.values.withLock { $0.status.knowsItsCalls = true }
        }
    }

    private mutating func compare(
        _ intake: RecordIntake, _ session: any StoreSession, _ options: ReplicationOptions, at now: UInt64
    ) throws(StoreError) {
        // For somewhat less than the life time of an ending, each is either in the store or in some relay's memory, so that
        // a relay may trust in a call that it knows.
        let isTrusted = now < knowledge &+ (options.endingLifetime * 9 / 10).nanoseconds
        var rest = (intake.relay.callIDs(limit: .max) + intake.state.values.withLock { $0.table.endedCalls })[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.callsAtATime))
            rest = rest.dropFirst(Self.callsAtATime)
            for (callID, stored) in zip(some, try session.headers(of: some)) {
                guard let known = intake.header(of: callID) else { continue }
                switch stored {
                case .missing:
                    let isForeign = known.isLive && known.version.ownership.node != options.node
                    if isForeign, !isTrusted { doubt(callID) } else { intake.state.note { $0.change(callID) } }
                case .header(let header):
                    if header < known { intake.state.note { $0.change(callID) } }
                    if header == known {
                        intake.state.values.withLock {
                            $0.table.read(callID, header, sequence: 0, from: session.server, at: now)
                        }
                    }
                case .unreadable:
                    intake.state.values.withLock { $0.table.block(callID) }
                }
            }
        }
    }

    /// A doubtful call is the owner's to offer. When the owner is there and does not, the call is over; when it is not
    /// there, the call may be worth keeping.
    private mutating func settle(
        _ intake: RecordIntake, _ session: any StoreSession, _ options: ReplicationOptions, _ peers: Set<String>,
        at now: UInt64
    ) throws(StoreError) {
        let calls = Array(doubtful.keys.prefix(Self.callsAtATime))
        for (callID, stored) in zip(calls, try session.headers(of: calls)) {
            guard stored == .missing, let version = intake.relay.version(of: callID) else {
                doubtful[callID] = nil
                continue
            }
            guard peers.contains(version.ownership.node) else {
                doubtful[callID] = nil
                intake.state.note { $0.change(callID) }
                continue
            }
            guard let since = doubtful[callID] ?? nil else {
                doubtful[callID] = now
                continue
            }
            if now >= since &+ options.patience.nanoseconds {
                doubtful[callID] = nil
                intake.relay.apply(CallEnding(callID: callID, version: version, isFinal: false))
                intake.state.values.withLock { $0.table.forget(callID) }
            }
        }
    }
}
