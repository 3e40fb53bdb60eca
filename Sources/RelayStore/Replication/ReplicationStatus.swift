/// How replication is doing, at one moment.
package struct ReplicationStatus: Sendable {
    /// Another relay of the group.
    package struct Peer: Hashable, Sendable {
        package var node: String
        /// It has announced itself within the last seconds.
        package var isAlive: Bool
        /// By its own word.
        package var isInStep: Bool
        /// Calls that it holds, its own and others'.
        package var calls: Int
        /// Calls that it owns.
        package var ownCalls: Int
        /// Where it has calls.
        package var addresses: [String]
        /// Sequence number of the last change that it has taken over.
        package var position: UInt64
        /// What it wants to know of the others.
        package var question: ReadingsQuestion?
    }

    /// The name of this relay.
    package var node = ""
    /// Where the store is; `nil` when calls are not shared.
    package var store: String?
    /// Changes can be written now.
    package var canWrite = false
    /// Changes can be read now.
    package var canRead = false
    /// Every change in the store has been taken over, as of the last second or two: this relay could go on with the
    /// calls of the others. Always true when calls are not shared.
    package var isInStep = true
    /// Sequence number of the last change that was taken over.
    package var position: UInt64 = 0
    /// Changes that are in the store and have not been taken over yet.
    package var lag: UInt64 = 0
    /// Since when this relay has not been in step; `nil` while it is.
    package var outOfStepFor: Duration?
    /// Calls of this relay whose last change the store does not have: nobody could go on with that.
    package var unprotectedCalls = 0
    /// Calls whose packets this relay could not forward, as of the last second, and one of the reasons.
    package var obstructedCalls = 0
    package var obstacle: String?
    /// How often changes were gone before they could be read, or the store had lost some. Each was followed by a resync.
    package var gaps: UInt64 = 0
    /// How often everything was compared.
    package var resyncs: UInt64 = 0
    /// Changes written, and those among them that the store refused since it had newer ones.
    package var writtenChanges: UInt64 = 0
    package var refusedChanges: UInt64 = 0
    /// Changes of other relays taken over.
    package var appliedChanges: UInt64 = 0
    /// Records that were not ours, damaged, too large or of another version: passed over and left alone.
    package var skippedRecords: UInt64 = 0
    /// Calls that ended while the store was away for so long that their endings had to be forgotten. What the store has of
    /// them comes back with it, and ends by timeout.
    package var lostEndings: UInt64 = 0
    /// Connections that failed or broke, and answers that did not come.
    package var errors: UInt64 = 0
    /// The last of those.
    package var lastError: String?
    /// The other relays, by name.
    package var peers: [Peer] = []

    package init() {}

    /// Of a relay that keeps its calls to itself.
    package static let standalone = ReplicationStatus()
}
