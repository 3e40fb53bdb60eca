/// How replication is doing, at one moment.
public struct ReplicationStatus: Sendable {
    /// Another relay of the group.
    public struct Peer: Hashable, Sendable {
        /// Its name.
        public var node: String
        /// It has announced itself within the last seconds.
        public var isAlive: Bool
        /// By its own word.
        public var isInStep: Bool
        /// Calls that it holds, its own and others'.
        public var calls: Int
        /// Calls that it owns.
        public var ownCalls: Int
        /// Where it has calls.
        public var addresses: [String]
        /// Sequence number of the last change that it has taken over.
        public var position: UInt64
        /// What it wants to know of the others.
        package var question: ReadingsQuestion?
    }

    /// The name of this relay.
    public var node = ""
    /// Where the store is; `nil` when calls are not shared.
    public var store: String?
    /// Changes can be written now.
    public var canWrite = false
    /// Changes can be read now.
    public var canRead = false
    /// Every change in the store has been taken over, as of the last second or two: this relay could go on with the
    /// calls of the others. Always true when calls are not shared.
    public var isInStep = true
    /// Sequence number of the last change that was taken over.
    public var position: UInt64 = 0
    /// Changes that are in the store and have not been taken over yet.
    public var lag: UInt64 = 0
    /// Since when this relay has not been in step; `nil` while it is.
    public var outOfStepFor: Duration?
    /// Calls of this relay whose last change the store does not have: nobody could go on with that.
    public var unprotectedCalls = 0
    /// Calls whose packets this relay could not forward, as of the last second, and one of the reasons.
    public var obstructedCalls = 0
    /// One of the reasons.
    public var obstacle: String?
    /// How often changes were gone before they could be read, or the store had lost some. Each was followed by a resync.
    public var gaps: UInt64 = 0
    /// How often everything was compared.
    public var resyncs: UInt64 = 0
    /// Changes written, and those among them that the store refused since it had newer ones.
    public var writtenChanges: UInt64 = 0
    /// Those that the store had newer ones of.
    public var refusedChanges: UInt64 = 0
    /// Changes of other relays taken over.
    public var appliedChanges: UInt64 = 0
    /// Records that were not ours, damaged, too large or of another version: passed over and left alone.
    public var skippedRecords: UInt64 = 0
    /// Calls that ended while the store was away for so long that their endings had to be forgotten. What the store has of
    /// them comes back with it, and ends by timeout.
    public var lostEndings: UInt64 = 0
    /// Calls of this relay that had long been over and were in the store as living ones, when it came back with old data.
    /// They were ended there.
    public var staleCalls: UInt64 = 0
    /// Endings that this relay remembers: they decide about what others, or the store, believe to be living.
    package var rememberedEndings = 0
    /// This relay has been in step for so long that it knows every call of its own.
    package var knowsItsCalls = false
    /// Connections that failed or broke, and answers that did not come.
    public var errors: UInt64 = 0
    /// The last of those.
    public var lastError: String?
    /// The other relays, by name.
    public var peers: [Peer] = []

    /// Of a relay that has not begun.
    public init() {}

    /// Of a relay that keeps its calls to itself.
    public static let standalone = ReplicationStatus()
}
