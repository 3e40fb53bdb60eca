/// How far a relay has come with reading and writing the store. A value without the calls themselves: to ask it costs the
/// same however many of them wait.
struct StoreProgress: Equatable, Sendable {
    /// A reading older than that says nothing about now: two polls and some.
    static let freshness: UInt64 = 2_500_000_000

    var canWrite = false
    var canRead = false
    /// Of the last change that was taken over.
    var position: UInt64 = 0
    /// The last sequence number that was seen in the store.
    var storeSequence: UInt64 = 0
    /// A sequence number that the writer has seen a while ago.
    var settledSequence: UInt64 = 0
    /// Everything that was in the store when this connection was made has been read.
    var isReadComplete = false
    /// Everything that this relay knows has been compared with the store.
    var isAudited = false
    /// Monotonic time of the last reading that left nothing unread.
    var lastComplete: UInt64 = 0

    /// Changes that are in the store and have not been taken over yet.
    var lag: UInt64 { storeSequence - min(storeSequence, position) }

    /// Nothing that the store has is missing here.
    private func hasReadAll(at now: UInt64) -> Bool {
        canRead && isReadComplete && now < lastComplete &+ Self.freshness && position >= settledSequence
    }

    func isInStep(at now: UInt64) -> Bool { canWrite && isAudited && hasReadAll(at: now) }

    func step(at now: UInt64) -> ReplicationStanding.Step {
        if isInStep(at: now) { return .inStep }
        // A full disk, a master that is down: all relays read, none writes, and none of them is worse than the others.
        return !canRead || !canWrite && hasReadAll(at: now) ? .unreachable : .behind
    }
}
