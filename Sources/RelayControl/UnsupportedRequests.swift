internal import Synchronization

/// Counts what clients ask for and the relay cannot do.
final class UnsupportedRequests: Sendable {
    private let state = Mutex<[String: UInt64]>([:])

    var counts: [String: UInt64] { state.withLock { $0 } }

    /// - Parameter names: of commands, keys and flags that the protocol knows, so there are not many.
    func count(_ names: [String]) {
        state.withLock { counts in
            for name in names { counts[name, default: 0] += 1 }
        }
    }
}
