internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Clears the change index of calls whose records are gone. Takes one step at a time, so that changes need not wait.
struct IndexCleaner {
    /// Calls whose index entries one step removes: a server does nothing else meanwhile.
    private static let callsAtATime = 512
    /// How often one relay looks for old endings in a second, at most. With `RedisSession.pruneLimit` each time one relay
    /// clears 8192 calls/s.
    private static let visits = 16
    /// Of this second.
    private var visitsLeft = 0

    /// Another second has begun.
    mutating func beat() { visitsLeft = Self.visits }

    /// Does some of what there is to do.
    ///
    /// - Returns: whether there may be more.
    mutating func step(
        _ intake: RecordIntake, _ session: any StoreSession, _ audit: inout StoreAudit
    ) throws(StoreError) -> Bool {
        if try clear(intake, session, &audit) { return true }
        guard visitsLeft > 0 else { return false }
        visitsLeft = try session.prune(now: SystemClock.wall) ? visitsLeft - 1 : 0
        return visitsLeft > 0
    }

    /// Calls that the index names and that have no record: those of ours are written again, of those that nobody here
    /// knows the index is cleared, and the audit decides about the rest.
    ///
    /// - Returns: whether there were any.
    private func clear(
        _ intake: RecordIntake, _ session: any StoreSession, _ audit: inout StoreAudit
    ) throws(StoreError) -> Bool {
        let gone = intake.state.values.withLock { Array($0.withoutRecord.prefix(Self.callsAtATime)) }
        guard !gone.isEmpty else { return false }
        var unknown: [ByteString] = []
        for callID in gone {
            guard let header = intake.header(of: callID), header.isLive else {
                unknown.append(callID)
                continue
            }
            let owner = header.version.ownership.node
            if owner == intake.node {
                intake.state.note { $0.change(callID) }
            } else {
                audit.doubt(callID, of: owner)
            }
        }
        try session.forget(unknown)
        intake.state.values.withLock { $0.withoutRecord.subtract(gone) }
        return true
    }
}
