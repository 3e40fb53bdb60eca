internal import DequeModule
internal import RelayCore
internal import WireFormat

/// What one relay knows about the calls in the store, and what it still has to write. A value without clock or lock.
struct CallTable {
    /// What is known of one Call-ID besides the call itself, which the relay has.
    struct Entry {
        /// The greatest header that was ever offered to the store or read from it.
        var header: RecordHeader
        /// The number of that state in the change index; 0 while the store has not confirmed it.
        var sequence: UInt64 = 0
        /// Monotonic time: of the ending, or when the store last confirmed the record.
        var time: UInt64
        /// The record as another relay has written it, when this relay could not take over all that it says.
        var record: [UInt8]?
    }

    /// Endings that are remembered at most. Beyond that the oldest are forgotten before their time.
    private static let rememberedEndings = 200_000

    private var entries: [ByteString: Entry] = [:]
    /// What has changed and was not written yet, each once, in the order of the first change.
    private var queue: Deque<ByteString> = []
    private var queued: Set<ByteString> = []
    /// What is being written now.
    private var inFlight: Set<ByteString> = []
    /// Changes that were seen in the index while a write of ours was under way: most likely our own.
    private var awaited: [ByteString: UInt64] = [:]
    /// Calls whose change was not ours after all.
    private var missed: Set<ByteString> = []
    /// Written in vain: something else is in the place of their records, or they are too large.
    private(set) var blocked: Set<ByteString> = []
    /// The server that `sequence` belongs to.
    private(set) var server = ""
    /// Live calls among `entries` are not counted; endings are.
    private(set) var endings = 0

    subscript(callID: ByteString) -> Entry? { entries[callID] }

    // MARK: Changes of this relay

    /// A call has changed.
    mutating func change(_ callID: ByteString) {
        if queued.insert(callID).inserted { queue.append(callID) }
        // Calls that came and went while nothing could be written have left gaps.
        if queue.count > 2 * queued.count + 1024 {
            var seen: Set<ByteString> = []
            queue.removeAll { !queued.contains($0) || !seen.insert($0).inserted }
        }
    }

    /// A call has ended here.
    mutating func end(_ ending: CallEnding, at time: UInt64) {
        let entry = entries[ending.callID]
        guard entry != nil || inFlight.contains(ending.callID) else {
            // Never offered to anybody: it came and went between two writes.
            queued.remove(ending.callID)
            return
        }
        let state: RecordHeader.State = ending.isFinal ? .ended : .givenUp
        let header = RecordHeader(version: ending.version, state: state)
        if let entry, !(entry.header < header) { return }
        put(Entry(header: header, time: time), for: ending.callID)
        change(ending.callID)
    }

    /// Whether there is anything to write.
    var isIdle: Bool { queued.isEmpty }

    /// How many calls are not in the store as they are here, apart from endings.
    var unprotected: Int {
        var count = blocked.count
        for callID in queued where isUnwritten(callID) { count += 1 }
        for callID in inFlight where isUnwritten(callID) && !queued.contains(callID) { count += 1 }
        return count
    }

    /// The same calls by name.
    var unprotectedCalls: Set<ByteString> {
        blocked.union(queued.filter(isUnwritten)).union(inFlight.filter(isUnwritten))
    }

    private func isUnwritten(_ callID: ByteString) -> Bool {
        entries[callID]?.header.isLive != false && !blocked.contains(callID)
    }

    /// Takes what is to be written next.
    mutating func takeChanges(_ limit: Int) -> [ByteString] {
        var taken: [ByteString] = []
        while taken.count < limit, let callID = queue.popFirst() {
            guard queued.remove(callID) != nil else { continue }
            taken.append(callID)
        }
        inFlight.formUnion(taken)
        return taken
    }

    /// A state is on its way to the store.
    mutating func offer(_ callID: ByteString, _ header: RecordHeader, at time: UInt64) {
        guard let entry = entries[callID] else { return put(Entry(header: header, time: time), for: callID) }
        guard entry.header < header else { return }
        put(Entry(header: header, time: time), for: callID)
    }

    /// There is nothing to write for a call after all.
    mutating func drop(_ callID: ByteString) { settle(callID, sequence: 0) }

    /// The store has a state of ours, or had it already (`sequence` 0).
    mutating func confirm(_ callID: ByteString, _ header: RecordHeader, sequence: UInt64, at time: UInt64) {
        settle(callID, sequence: sequence)
        blocked.remove(callID)
        guard var entry = entries[callID], entry.header == header else { return }
        if sequence != 0 { entry.sequence = sequence }
        if header.isLive { entry.time = time }
        entries[callID] = entry
    }

    /// The store will not take this call.
    mutating func block(_ callID: ByteString) {
        settle(callID, sequence: 0)
        blocked.insert(callID)
    }

    /// The store did not answer: everything that was under way is to be written again.
    mutating func fail(_ calls: [ByteString]) {
        for callID in calls.reversed() {
            settle(callID, sequence: 0)
            if queued.insert(callID).inserted { queue.prepend(callID) }
        }
    }

    private mutating func settle(_ callID: ByteString, sequence: UInt64) {
        inFlight.remove(callID)
        if let seen = awaited.removeValue(forKey: callID), seen != sequence { missed.insert(callID) }
    }

    // MARK: What the store has

    /// Whether a change in the index has to be read. One that is most likely our own is put off until we know.
    mutating func needsReading(_ change: StoreChange, from server: String) -> Bool {
        guard server == self.server else { return true }
        if inFlight.contains(change.callID) {
            awaited[change.callID] = change.sequence
            return false
        }
        return entries[change.callID]?.sequence != change.sequence
    }

    /// Changes that were put off and were not ours.
    mutating func takeMissed() -> [ByteString] {
        defer { missed = [] }
        return Array(missed)
    }

    var hasMissed: Bool { !missed.isEmpty }

    /// A record is about to be handed to the relay: from now on an ending of that call concerns others, too.
    mutating func expect(_ callID: ByteString, _ header: RecordHeader, at time: UInt64) {
        if entries[callID] == nil { put(Entry(header: header, time: time), for: callID) }
    }

    /// A record was read, and the relay has been told of it.
    ///
    /// - Parameter sequence: of the change in the index of `server`; 0 when not known.
    mutating func read(
        _ callID: ByteString, _ header: RecordHeader, sequence: UInt64, from server: String, at time: UInt64,
        keeping record: [UInt8]? = nil
    ) {
        let number = server == self.server ? sequence : 0
        if var entry = entries[callID] {
            if entry.header == header {
                if number != 0 { entry.sequence = number }
                if header.isLive { entry.time = time }
                if record != nil { entry.record = record }
                entries[callID] = entry
                return
            }
            guard entry.header < header else { return }
        }
        put(Entry(header: header, sequence: number, time: time, record: record), for: callID)
    }

    /// The numbers of an index belong to one server: with another one they mean nothing.
    mutating func use(_ server: String) {
        guard server != self.server else { return }
        self.server = server
        resetSequences()
    }

    mutating func resetSequences() {
        for callID in entries.keys { entries[callID]?.sequence = 0 }
    }

    // MARK: Endings

    private mutating func put(_ entry: Entry, for callID: ByteString) {
        let before = entries.updateValue(entry, forKey: callID)
        endings += (entry.header.isLive ? 0 : 1) - (before.map { $0.header.isLive ? 0 : 1 } ?? 0)
    }

    mutating func forget(_ callID: ByteString) {
        guard let entry = entries.removeValue(forKey: callID) else { return }
        if !entry.header.isLive { endings -= 1 }
        blocked.remove(callID)
    }

    /// Forgets endings that are long past, and what belongs to calls that are nowhere any more.
    ///
    /// - Parameter held: the calls that the relay has.
    mutating func sweep(at now: UInt64, endingsOlderThan age: UInt64, held: Set<ByteString>) {
        var age = age
        while true {
            let old = entries.filter { callID, entry in
                guard !queued.contains(callID), !inFlight.contains(callID) else { return false }
                return entry.header.isLive ? !held.contains(callID) : entry.time &+ age <= now
            }
            for callID in old.keys { forget(callID) }
            guard endings > Self.rememberedEndings else { return }
            age /= 2
        }
    }

    /// Calls that ended not long ago.
    var endedCalls: [ByteString] { entries.filter { !$0.value.header.isLive }.map(\.key) }

    /// Live calls that the store has not heard of since.
    func calls(notConfirmedSince time: UInt64) -> [ByteString] {
        entries.filter { $0.value.header.isLive && $0.value.time < time }.map(\.key)
    }
}
