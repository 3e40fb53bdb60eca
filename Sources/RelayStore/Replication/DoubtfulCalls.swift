internal import WireFormat

/// Calls of other relays that the store lacks, and that may have ended while this relay was away. They are their owners' to
/// offer. A value without clock.
struct DoubtfulCalls {
    private var calls: [ByteString: (owner: String, since: UInt64)] = [:]
    /// Whether those owners have announced themselves, and since when that is so.
    private var owners: [String: (isThere: Bool, since: UInt64)] = [:]
    /// Those that have been waited for.
    private var due: ArraySlice<ByteString> = []

    /// The store lacks a call.
    mutating func add(_ callID: ByteString, of owner: String, at now: UInt64) {
        if calls[callID]?.owner != owner { calls[callID] = (owner, now) }
        if owners[owner] == nil { owners[owner] = (false, now) }
    }

    /// Looks which owners are there, and whose calls have been waited for: so long an owner that is there has had to offer
    /// them, and one that is not to come back.
    mutating func look(_ peers: Set<String>, patience: UInt64, at now: UInt64) {
        guard !calls.isEmpty else { return owners = [:] }
        for (owner, state) in owners where state.isThere != peers.contains(owner) {
            owners[owner] = (!state.isThere, now)
        }
        let over = calls.filter { now >= max($0.value.since, owners[$0.value.owner]?.since ?? now) &+ patience }
        due = Array(over.keys)[...]
    }

    /// Some of those that have been waited for.
    func due(_ limit: Int) -> [ByteString] { Array(due.prefix(limit)) }

    /// A call that has been waited for is decided about.
    ///
    /// - Returns: its owner, and whether that is there.
    mutating func take(_ callID: ByteString) -> (owner: String, isThere: Bool)? {
        if due.first == callID { due.removeFirst() }
        guard let owner = calls.removeValue(forKey: callID)?.owner else { return nil }
        return (owner, owners[owner]?.isThere == true)
    }
}
