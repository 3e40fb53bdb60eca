public import WireFormat

/// What happened to a call in a store. A call without a record has ended.
public struct SessionChange: Hashable, Sendable {
    /// Rises by one with every change of the store.
    public let sequence: UInt64
    /// Which call.
    public let callID: ByteString

    /// A change.
    public init(sequence: UInt64, callID: ByteString) { (self.sequence, self.callID) = (sequence, callID) }
}

/// Where relays keep the state of their calls, so that others can go on with them.
///
/// Writing never waits: for every call the last state wins, and a store that is slow or away catches up with that.
public protocol SessionStore: Sendable {
    /// Keeps the newest state of a call.
    func save(_ record: SessionRecord)
    /// Forgets a call that is over. Unknown ones are fine.
    func remove(_ callID: ByteString)
    /// The newest state of a call; `nil` when it is over or was never known.
    func record(of callID: ByteString) async throws -> SessionRecord?
    /// All calls, in no order.
    func records() async throws -> [SessionRecord]
    /// The calls that have changed after a position, each once with its latest change, oldest first. Whoever keeps the
    /// last sequence number it has seen misses nothing.
    func changes(after sequence: UInt64) async throws -> [SessionChange]
}
