internal import DequeModule
package import RelayCore
package import WireFormat

/// What one relay knows about the calls in the store, and what it still has to write. A value without clock or lock.
package struct CallTable {
    /// What is known of one Call-ID besides the call itself, which the relay has.
    struct Entry {
        /// The greatest header that was ever offered to the store or read from it.
        var header: RecordHeader
        /// The number of that state in the change index; 0 while the store has not confirmed it.
        var sequence: UInt64 = 0
        /// Monotonic time: of the ending, or when the record was last offered, confirmed or read.
        var time: UInt64
        /// Monotonic time when this relay last had the store keep the record for longer; `nil` when it was only read there.
        var refreshed: UInt64?
        /// The record as another relay has written it, when this relay could not take over all that it says.
        var record: [UInt8]?
    }

    /// Endings that are remembered at most. Beyond that the oldest are forgotten before their time, also when the store
    /// has not heard of them: it may be away for days.
    private let mostEndings: Int

    private var entries: [ByteString: Entry] = [:]
    /// What has changed and was not written yet, in the order of the first change.
    private var changed = CallQueue()
    /// What can wait: endings, and records that are only to be kept for longer. A call that is not stored is lost with this
    /// relay; one whose end is stored late is only there for longer.
    private var postponed = CallQueue()
    /// What is being written now.
    private var inFlight: Set<ByteString> = []
    /// Changes that were seen in the index while a write of ours was under way: most likely our own.
    private var awaited: [ByteString: UInt64] = [:]
    /// Calls whose change was not ours after all.
    private var missed: Set<ByteString> = []
    /// Records that are being handed to the relay, each as often as threads are at it.
    private var expected: [ByteString: Int] = [:]
    /// Written in vain: something else is in the place of their records, or they are too large.
    private(set) var blocked: Set<ByteString> = []
    /// The server that `sequence` belongs to.
    private(set) var server = ""
    /// Live calls among `entries` are not counted; endings are.
    package private(set) var endings = 0
    /// The same endings, oldest first, each with its time. Those that something newer has replaced are still in it.
    private var endingOrder: Deque<(callID: ByteString, time: UInt64)> = []
    /// Endings that were forgotten before the store had them.
    package private(set) var lostEndings: UInt64 = 0

    package init(mostEndings: Int = 200_000) { self.mostEndings = mostEndings }

    subscript(callID: ByteString) -> Entry? { entries[callID] }

    // MARK: Changes of this relay

    /// A call has changed.
    ///
    /// - Parameter isUrgent: `false` for what can wait for other calls' changes.
    package mutating func change(_ callID: ByteString, isUrgent: Bool = true) {
        if isUrgent {
            postponed.remove(callID)
            changed.append(callID)
        } else if !changed.contains(callID) {
            postponed.append(callID)
        }
    }

    /// There is nothing more to write for a call, or it is about to be written.
    private mutating func dequeue(_ callID: ByteString) {
        changed.remove(callID)
        postponed.remove(callID)
    }

    private func isQueued(_ callID: ByteString) -> Bool { changed.contains(callID) || postponed.contains(callID) }

    /// A call has ended here.
    package mutating func end(_ ending: CallEnding, at time: UInt64) {
        let entry = entries[ending.callID]
        guard entry != nil || inFlight.contains(ending.callID) else {
            // Never offered to anybody: it came and went between two writes, or no store would have taken it.
            dequeue(ending.callID)
            blocked.remove(ending.callID)
            return
        }
        let state: RecordHeader.State = ending.isFinal ? .ended : .givenUp
        let header = RecordHeader(version: ending.version, state: state)
        if let entry, !(entry.header < header) { return }
        put(Entry(header: header, time: time), for: ending.callID)
        change(ending.callID, isUrgent: false)
    }

    /// Whether there is anything to write.
    var isIdle: Bool { changed.isEmpty && postponed.isEmpty }

    /// How many calls are not in the store as they are here, apart from endings. What can wait is there.
    package var unprotected: Int {
        var count = blocked.count
        for callID in changed.calls where isUnwritten(callID) { count += 1 }
        for callID in inFlight where isUnwritten(callID) && !changed.contains(callID) { count += 1 }
        return count
    }

    /// The same calls by name.
    var unprotectedCalls: Set<ByteString> {
        blocked.union(changed.calls.filter(isUnwritten)).union(inFlight.filter(isUnwritten))
    }

    private func isUnwritten(_ callID: ByteString) -> Bool {
        entries[callID]?.header.isLive != false && !blocked.contains(callID)
    }

    /// Takes what is to be written next: changes, and at least a quarter of what can wait, so that it does not wait for ever.
    package mutating func takeChanges(_ limit: Int) -> [ByteString] {
        let reserved = min(postponed.count, limit / 4)
        var taken: [ByteString] = []
        while taken.count < limit - reserved, let callID = changed.popFirst() { taken.append(callID) }
        while taken.count < limit, let callID = postponed.popFirst() { taken.append(callID) }
        inFlight.formUnion(taken)
        return taken
    }

    /// A state is on its way to the store.
    package mutating func offer(_ callID: ByteString, _ header: RecordHeader, at time: UInt64) {
        if let entry = entries[callID], !(entry.header < header) { return }
        put(Entry(header: header, time: time, refreshed: time), for: callID)
    }

    /// There is nothing to write for a call after all.
    mutating func drop(_ callID: ByteString) { settle(callID, sequence: 0) }

    /// The store has a state of ours, or had it already (`sequence` 0).
    package mutating func confirm(_ callID: ByteString, _ header: RecordHeader, sequence: UInt64, at time: UInt64) {
        settle(callID, sequence: sequence)
        blocked.remove(callID)
        guard var entry = entries[callID], entry.header == header else { return }
        if sequence != 0 { entry.sequence = sequence }
        if header.isLive { (entry.time, entry.refreshed) = (time, time) }
        entries[callID] = entry
    }

    /// The store will not take this call.
    package mutating func block(_ callID: ByteString) {
        settle(callID, sequence: 0)
        blocked.insert(callID)
    }

    /// The store did not answer: everything that was under way is to be written again.
    mutating func fail(_ calls: [ByteString]) {
        for callID in calls.reversed() {
            settle(callID, sequence: 0)
            if isQueued(callID) { continue }
            if entries[callID]?.header.isLive == false { postponed.prepend(callID) } else { changed.prepend(callID) }
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
        expected[callID, default: 0] += 1
    }

    /// The relay has the record that was expected, or will not have it.
    mutating func finish(_ callID: ByteString) {
        let count = expected[callID] ?? 0
        expected[callID] = count > 1 ? count - 1 : nil
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
        guard !entry.header.isLive else { return }
        endingOrder.append((callID, entry.time))
        // Call-IDs that are used again and again leave more behind than there are endings.
        while endings > mostEndings || endingOrder.count > 2 * mostEndings { forgetOldestEnding() }
    }

    private mutating func forgetOldestEnding() {
        guard let callID = takeOldestEnding() else { return }
        if isWaiting(callID) { lostEndings += 1 }
        dequeue(callID)
        forget(callID)
    }

    /// Takes the oldest out of the order; `nil` when something newer has replaced it.
    private mutating func takeOldestEnding() -> ByteString? {
        guard let oldest = endingOrder.popFirst(), let entry = entries[oldest.callID], !entry.header.isLive,
            entry.time == oldest.time
        else { return nil }
        return oldest.callID
    }

    private func isWaiting(_ callID: ByteString) -> Bool { isQueued(callID) || inFlight.contains(callID) }

    mutating func forget(_ callID: ByteString) {
        blocked.remove(callID)
        guard let entry = entries.removeValue(forKey: callID) else { return }
        if !entry.header.isLive { endings -= 1 }
    }

    /// Forgets endings that are long past. One that waits to be written is kept, and counts as new.
    ///
    /// - Parameter limit: looks at so many at most, so that nobody waits long for this table.
    /// - Returns: whether there may be more.
    package mutating func forgetEndings(olderThan age: UInt64, at now: UInt64, limit: Int) -> Bool {
        for _ in 0..<limit {
            guard let oldest = endingOrder.first, oldest.time &+ age <= now else { return false }
            guard let callID = takeOldestEnding() else { continue }
            guard isWaiting(callID) else {
                forget(callID)
                continue
            }
            entries[callID]?.time = now
            endingOrder.append((callID, now))
        }
        return true
    }

    /// What is known of calls that live.
    var liveCalls: [(callID: ByteString, header: RecordHeader)] {
        entries.lazy.filter { $0.value.header.isLive }.map { ($0.key, $0.value.header) }
    }

    /// Forgets live calls that are nowhere any more, as far as nothing was heard of them since somebody began to look for
    /// them, and the relay is not about to get them.
    mutating func forget(_ calls: [(callID: ByteString, header: RecordHeader)], sought start: UInt64) {
        for (callID, header) in calls where !isWaiting(callID) && expected[callID] == nil {
            guard let entry = entries[callID], entry.header == header, entry.time < start else { continue }
            forget(callID)
        }
    }

    /// Calls that ended not long ago.
    var endedCalls: [ByteString] { entries.filter { !$0.value.header.isLive }.map(\.key) }

    /// Live calls that the store has not heard of since. To read a record does not keep it for longer.
    func calls(notConfirmedSince time: UInt64) -> [ByteString] {
        entries.filter { $0.value.header.isLive && $0.value.refreshed.map { $0 < time } ?? true }.map(\.key)
    }
}
