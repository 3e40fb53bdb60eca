internal import Synchronization
package import WireFormat

/// Calls whose commands and replies are logged word for word, whatever the log level: a few, of whoever looks for a fault.
package final class TracedCalls: Sendable {
    /// Calls that are traced at a time; of more, the first are given up. Each costs a line for every 400 octets.
    package static let most = 100

    private let ids = Mutex<[ByteString]>([])
    private let isInUse = Atomic<Bool>(false)

    package init() {}

    /// Starts or ends the trace of a call.
    package func set(_ id: ByteString, _ isTraced: Bool) {
        ids.withLock { ids in
            ids.removeAll { $0 == id }
            if isTraced { ids.append(id) }
            if ids.count > Self.most { ids.removeFirst() }
            isInUse.store(!ids.isEmpty, ordering: .relaxed)
        }
    }

    /// Nearly always false, at the cost of one load.
    package func contains(_ id: ByteString?) -> Bool {
        guard isInUse.load(ordering: .relaxed), let id else { return false }
        return ids.withLock { $0.contains(id) }
    }
}
