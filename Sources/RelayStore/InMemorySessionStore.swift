internal import Synchronization
public import WireFormat

/// A store that lives and dies with the process: the default of `relayd`, and what tests use.
public final class InMemorySessionStore: SessionStore {
    /// How many ended calls are remembered in the change index before the oldest are forgotten.
    private static let rememberedEndings = 100_000

    private struct State {
        var records: [ByteString: SessionRecord] = [:]
        var latest: [ByteString: UInt64] = [:]
        var sequence: UInt64 = 0
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// Keeps the newest state of a call.
    public func save(_ record: SessionRecord) {
        state.withLock { state in
            state.sequence += 1
            state.records[record.callID] = record
            state.latest[record.callID] = state.sequence
        }
    }

    /// Forgets a call that is over.
    public func remove(_ callID: ByteString) {
        state.withLock { state in
            guard state.records.removeValue(forKey: callID) != nil else { return }
            state.sequence += 1
            state.latest[callID] = state.sequence
            if state.latest.count > 2 * Self.rememberedEndings + state.records.count { Self.prune(&state) }
        }
    }

    /// Forgets the older half of the endings.
    private static func prune(_ state: inout State) {
        let ended = state.latest.filter { state.records[$0.key] == nil }.sorted { $0.value < $1.value }
        for (callID, _) in ended.prefix(ended.count / 2) { state.latest[callID] = nil }
    }

    /// The newest state of a call.
    public func record(of callID: ByteString) -> SessionRecord? { state.withLock { $0.records[callID] } }

    /// All calls, in no order.
    public func records() -> [SessionRecord] { state.withLock { Array($0.records.values) } }

    /// The calls that have changed after a position, oldest change first.
    public func changes(after sequence: UInt64) -> [SessionChange] {
        state.withLock { state in
            state.latest.filter { $0.value > sequence }.sorted { $0.value < $1.value }
                .map { SessionChange(sequence: $0.value, callID: $0.key) }
        }
    }
}
