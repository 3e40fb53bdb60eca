internal import HeapModule
internal import RelayCore
internal import Synchronization
package import WireFormat

/// A store in this process, for relays that live in it together.
///
/// It keeps the same promises as the one in Redis, and can be made to break: tests take it away, empty it, and put
/// strange records into it.
public final class InMemorySessionStore: SessionStore {
    /// What can go wrong with a store.
    package enum Fault: Sendable {
        case none
        /// Nobody gets a session, and open ones end.
        case away
    }

    /// What is kept for a while.
    fileprivate struct Lease {
        let octets: [UInt8]
        /// Nanoseconds since the epoch.
        let until: UInt64

        init(_ octets: [UInt8], for lifetime: Duration, since now: UInt64) {
            (self.octets, until) = (octets, now &+ min(lifetime.nanoseconds, .max - now))
        }

        /// Kept for good.
        init(_ octets: [UInt8]) { (self.octets, until) = (octets, .max) }
    }

    /// When an ending's record expires, in nanoseconds since the epoch.
    fileprivate struct Ending: Comparable {
        let due: UInt64
        let callID: ByteString

        static func < (one: Self, other: Self) -> Bool { one.due < other.due }
    }

    fileprivate struct State {
        var records: [ByteString: Lease] = [:]
        var changes: [ByteString: UInt64] = [:]
        var order: [(sequence: UInt64, callID: ByteString)] = []
        var endings = Heap<Ending>()
        /// When it is time to look for what has expired otherwise, in nanoseconds since the epoch.
        var nextSearch: UInt64 = 0
        var peers: [String: Lease] = [:]
        /// By whom they are for, then by whom they are from.
        var notes: [String: [String: Lease]] = [:]
        var position = StorePosition(incarnation: [], sequence: 0, pruned: 0)
        var fault = Fault.none
        var server = 0
        var followers: [Bell] = []
    }

    fileprivate let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// Always the same.
    public var name: String { "memory" }

    /// Opens a session, unless a test has taken the store away.
    public func open(_ purpose: StorePurpose, bell: Bell) throws(StoreError) -> any StoreSession {
        let server = try state.withLock { (state) throws(StoreError) -> Int in
            guard case .none = state.fault else { throw StoreError(.cannotConnect, "the store is away") }
            if purpose == .following { state.followers.append(bell) }
            return state.server
        }
        return InMemorySession(store: self, server: server, purpose: purpose, bell: bell)
    }

    // MARK: For tests

    /// Breaks the store, or mends it.
    package func set(_ fault: Fault) {
        state.withLock { state in
            state.fault = fault
            state.server += 1
        }
    }

    /// Loses everything, as a server does that starts without its file.
    package func lose() {
        state.withLock { state in
            let (server, followers) = (state.server, state.followers)
            state = State()
            (state.server, state.followers) = (server + 1, followers)
        }
    }

    /// Goes back to what was there when `copy` was called, as a fail-over to a replica that lags does.
    package func copy() -> @Sendable () -> Void {
        let (records, changes, order, endings, position) = state.withLock {
            ($0.records, $0.changes, $0.order, $0.endings, $0.position)
        }
        return { [self] in
            state.withLock { state in
                (state.records, state.changes, state.order) = (records, changes, order)
                (state.endings, state.position) = (endings, position)
                state.server += 1
            }
        }
    }

    /// Puts something in the place of a call's record and into the change index, as if another program had.
    package func plant(_ record: [UInt8], at callID: ByteString) {
        state.withLock { state in
            state.records[callID] = Lease(record)
            state.add(callID)
        }
        ring()
    }

    /// What is in the place of a call's record.
    package func record(of callID: ByteString) -> [UInt8]? {
        state.withLock { $0.record(of: callID, at: SystemClock.wall) }
    }

    /// The calls that are stored as living.
    package var liveCalls: Set<ByteString> {
        state.withLock { state in
            let now = SystemClock.wall
            return Set(
                state.records.keys.filter { callID in
                    state.record(of: callID, at: now).flatMap { RecordHeader($0.span) }?.isLive == true
                })
        }
    }

    /// Nobody waits for this bell any more.
    fileprivate func forget(_ bell: Bell) {
        state.withLock { state in
            if let index = state.followers.firstIndex(where: { $0 === bell }) { state.followers.remove(at: index) }
        }
    }

    fileprivate func ring() {
        for bell in state.withLock({ $0.followers }) { bell.ring() }
    }
}

extension InMemorySessionStore.State {
    /// Endings that one visit removes.
    private static let endingsAtATime = 512
    /// Nanoseconds from one look at everything to the next.
    private static let betweenSearches: UInt64 = 10_000_000_000

    /// What is in the place of a call's record, unless its time is over.
    fileprivate func record(of callID: ByteString, at now: UInt64) -> [UInt8]? {
        records[callID].flatMap { $0.until > now ? $0.octets : nil }
    }

    /// Ends what is due, up to a limit.
    ///
    /// - Returns: whether there may be more.
    fileprivate mutating func dropEndings(at now: UInt64) -> Bool {
        for _ in 0..<Self.endingsAtATime {
            guard let next = endings.min, next.due <= now else { return false }
            endings.removeMin()
            guard let lease = records[next.callID], lease.until > now else {
                forget(next.callID, at: now)
                continue
            }
            // The same has been offered again since; or something newer is in its place, and the index stays.
            if RecordHeader(lease.octets.span)?.isLive == false {
                endings.insert(.init(due: lease.until, callID: next.callID))
            }
        }
        return true
    }

    /// Drops everything whose time is over, now and then. What the index says of a record that nobody has ended stays:
    /// whoever finds it missing asks its owner.
    fileprivate mutating func dropDue(at now: UInt64) {
        // Further away than that it can only be when the clock was set back.
        guard now >= nextSearch || nextSearch - now > Self.betweenSearches else { return }
        nextSearch = now &+ Self.betweenSearches
        records = records.filter { $0.value.until > now }
        peers = peers.filter { $0.value.until > now }
        for node in Array(notes.keys) {
            let left = notes[node]?.filter { $0.value.until > now }
            notes[node] = left?.isEmpty == true ? nil : left
        }
    }

    fileprivate mutating func add(_ callID: ByteString) {
        position.sequence += 1
        changes[callID] = position.sequence
        order.append((position.sequence, callID))
        if order.count > 2 * changes.count + 1024 { order.removeAll { changes[$0.callID] != $0.sequence } }
    }

    fileprivate mutating func take(_ offer: StoreOffer, now: UInt64) -> StoreOutcome {
        if let stored = record(of: offer.callID, at: now) {
            guard let header = RecordHeader(stored.span) else { return .blocked }
            guard header != offer.header else {
                records[offer.callID] = .init(stored, for: offer.lifetime, since: now)
                return .known
            }
            guard header < offer.header else { return .beaten(by: stored) }
        }
        records[offer.callID] = .init(offer.record, for: offer.lifetime, since: now)
        add(offer.callID)
        if !offer.header.isLive {
            endings.insert(.init(due: now &+ offer.lifetime.nanoseconds, callID: offer.callID))
        }
        return .stored(sequence: position.sequence)
    }

    fileprivate mutating func forget(_ callID: ByteString, at now: UInt64) {
        guard record(of: callID, at: now) == nil else { return }
        records[callID] = nil
        guard let sequence = changes.removeValue(forKey: callID) else { return }
        position.pruned = max(position.pruned, sequence)
    }
}

/// A session with the store of this process.
private final class InMemorySession: StoreSession {
    private let store: InMemorySessionStore
    private let number: Int
    private let purpose: StorePurpose
    private let bell: Bell

    init(store: InMemorySessionStore, server: Int, purpose: StorePurpose, bell: Bell) {
        (self.store, number, self.purpose, self.bell) = (store, server, purpose, bell)
    }

    deinit { if purpose == .following { store.forget(bell) } }

    var server: String { "memory \(number)" }

    /// Ends the session when the store has changed under it.
    private func use<Result>(_ body: (inout InMemorySessionStore.State) -> Result) throws(StoreError) -> Result {
        let result: Result? = store.state.withLock { state in
            guard case .none = state.fault, state.server == number else { return nil }
            return body(&state)
        }
        guard let result else { throw StoreError(.connectionLost, "the store went away") }
        return result
    }

    func write(_ offers: [StoreOffer]) throws(StoreError) -> [StoreOutcome] {
        let outcomes = try use { state in
            if state.position.incarnation.isEmpty {
                state.position.incarnation = Array("\(UInt64.random(in: 1 ... .max))".utf8)
            }
            return offers.map { state.take($0, now: SystemClock.wall) }
        }
        store.ring()
        return outcomes
    }

    func position() throws(StoreError) -> StorePosition { try use { $0.position } }

    func changes(after sequence: UInt64, limit: Int) throws(StoreError) -> [StoreChange] {
        try use { state in
            // Ordered by number: find the first later one by halving.
            var (low, high) = (0, state.order.count)
            while low < high {
                let middle = (low + high) / 2
                if state.order[middle].sequence > sequence { high = middle } else { low = middle + 1 }
            }
            var found: [StoreChange] = []
            for (sequence, callID) in state.order[low...] where state.changes[callID] == sequence {
                found.append(StoreChange(callID: callID, sequence: sequence))
                if found.count == limit { break }
            }
            return found
        }
    }

    func headers(of calls: [ByteString]) throws(StoreError) -> [StoredHeader] {
        try use { state in
            let now = SystemClock.wall
            return calls.map { callID in
                guard let record = state.record(of: callID, at: now) else { return .missing }
                return RecordHeader(record.span).map { .header($0) } ?? .unreadable
            }
        }
    }

    func records(of calls: [ByteString]) throws(StoreError) -> [StoredRecord] {
        try use { state in
            let now = SystemClock.wall
            return calls.map { callID in
                guard let record = state.record(of: callID, at: now) else { return .missing }
                return record.count > StoreLimits.recordLength ? .unreadable : .record(record)
            }
        }
    }

    func forget(_ calls: [ByteString]) throws(StoreError) {
        try use { state in
            let now = SystemClock.wall
            for callID in calls { state.forget(callID, at: now) }
        }
    }

    func prune(now: UInt64) throws(StoreError) -> Bool {
        try use { state in
            state.dropDue(at: now)
            return state.dropEndings(at: now)
        }
    }

    func announce(_ node: String, _ state: [UInt8], lifetime: Duration) throws(StoreError) -> [StoredPeer] {
        try use { all in
            let now = SystemClock.wall
            defer { all.peers[node] = .init(state, for: lifetime, since: now) }
            return all.peers.filter { $0.value.until > now }.map { StoredPeer(node: $0.key, state: $0.value.octets) }
        }
    }

    func leave(
        _ note: [UInt8], from node: String, for other: String, lifetime: Duration
    ) throws(StoreError) {
        try use { $0.notes[other, default: [:]][node] = .init(note, for: lifetime, since: SystemClock.wall) }
    }

    func notes(for node: String, from others: [String]) throws(StoreError) -> [[UInt8]?] {
        let now = SystemClock.wall
        return try use { state in
            others.map { other in state.notes[node]?[other].flatMap { $0.until > now ? $0.octets : nil } }
        }
    }

    func awaitChange(_ limit: Duration) throws(StoreError) { bell.wait(limit) }
}
