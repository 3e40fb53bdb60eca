internal import DequeModule
internal import WireFormat

/// Calls that wait, each once, in the order in which they came.
struct CallQueue {
    /// Those that were removed, or came back, leave gaps: this many beside as many as there are calls.
    private static let gaps = 1024

    private(set) var calls: Set<ByteString> = []
    private var order: Deque<ByteString> = []

    var isEmpty: Bool { calls.isEmpty }
    var count: Int { calls.count }

    func contains(_ callID: ByteString) -> Bool { calls.contains(callID) }

    mutating func append(_ callID: ByteString) {
        if calls.insert(callID).inserted { order.append(callID) }
        guard order.count > 2 * calls.count + Self.gaps else { return }
        var seen: Set<ByteString> = []
        order.removeAll { !calls.contains($0) || !seen.insert($0).inserted }
    }

    mutating func prepend(_ callID: ByteString) {
        if calls.insert(callID).inserted { order.prepend(callID) }
    }

    mutating func remove(_ callID: ByteString) { calls.remove(callID) }

    mutating func popFirst() -> ByteString? {
        while let callID = order.popFirst() {
            if calls.remove(callID) != nil { return callID }
        }
        return nil
    }
}
