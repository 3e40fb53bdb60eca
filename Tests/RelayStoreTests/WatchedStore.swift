import RelayStore
import Synchronization
import WireFormat

/// A store that a test looks at, and gets between, at every call of its sessions.
final class WatchedStore: SessionStore {
    /// What a session is asked to do.
    enum Call {
        case write([StoreOffer])
        case headers([ByteString])
        case records([ByteString])
        case forget([ByteString])
        case prune
        case other
    }

    private let store: any SessionStore
    private let watch: @Sendable (StorePurpose, Call) throws(StoreError) -> Void

    /// - Parameter watch: runs on the session's thread before the call does, and may block or refuse it.
    init(_ store: any SessionStore, watch: @escaping @Sendable (StorePurpose, Call) throws(StoreError) -> Void) {
        (self.store, self.watch) = (store, watch)
    }

    var name: String { store.name }

    func open(_ purpose: StorePurpose, bell: Bell) throws(StoreError) -> any StoreSession {
        try watch(purpose, .other)
        let watch = watch
        return Session(try store.open(purpose, bell: bell)) { (call) throws(StoreError) in try watch(purpose, call) }
    }

    private final class Session: StoreSession {
        private let session: any StoreSession
        private let watch: (Call) throws(StoreError) -> Void

        init(_ session: any StoreSession, _ watch: @escaping (Call) throws(StoreError) -> Void) {
            (self.session, self.watch) = (session, watch)
        }

        var server: String { session.server }

        func write(_ offers: [StoreOffer]) throws(StoreError) -> [StoreOutcome] {
            try watch(.write(offers))
            return try session.write(offers)
        }

        func position() throws(StoreError) -> StorePosition {
            try watch(.other)
            return try session.position()
        }

        func changes(after sequence: UInt64, limit: Int) throws(StoreError) -> [StoreChange] {
            try watch(.other)
            return try session.changes(after: sequence, limit: limit)
        }

        func headers(of calls: [ByteString]) throws(StoreError) -> [StoredHeader] {
            try watch(.headers(calls))
            return try session.headers(of: calls)
        }

        func records(of calls: [ByteString]) throws(StoreError) -> [StoredRecord] {
            try watch(.records(calls))
            return try session.records(of: calls)
        }

        func forget(_ calls: [ByteString]) throws(StoreError) {
            try watch(.forget(calls))
            try session.forget(calls)
        }

        func prune(now: UInt64) throws(StoreError) -> Bool {
            try watch(.prune)
            return try session.prune(now: now)
        }

        func announce(_ node: String, _ state: [UInt8], lifetime: Duration) throws(StoreError) -> [StoredPeer] {
            try watch(.other)
            return try session.announce(node, state, lifetime: lifetime)
        }

        func leave(_ note: [UInt8], from node: String, for other: String, lifetime: Duration) throws(StoreError) {
            try watch(.other)
            try session.leave(note, from: node, for: other, lifetime: lifetime)
        }

        func notes(for node: String, from others: [String]) throws(StoreError) -> [[UInt8]?] {
            try watch(.other)
            return try session.notes(for: node, from: others)
        }

        func awaitChange(_ limit: Duration) throws(StoreError) {
            try watch(.other)
            try session.awaitChange(limit)
        }
    }
}

/// What threads of a test tell each other.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
    func clear() { value.store(false, ordering: .releasing) }
}

/// How often something has happened.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .acquiring) }
    func add() { count.add(1, ordering: .releasing) }
}
