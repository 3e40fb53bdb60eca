internal import NIOCore
internal import Synchronization

/// Counts the connections of one listener, which has only so many.
final class ConnectionSlots: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Takes a place for a connection until it is closed; false when there is none.
    func admit(_ channel: any Channel) -> Bool {
        let hasPlace = used.withLock { used in
            guard used < limit else { return false }
            used += 1
            return true
        }
        if hasPlace {
            channel.closeFuture.whenComplete { _ in self.used.withLock { $0 -= 1 } }
        }
        return hasPlace
    }
}
