internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Hands what the store says over to the relay.
struct RecordIntake: Sendable {
    let relay: Relay
    let state: ReplicationState
    /// The name of this relay in the group.
    let node: String

    /// What this relay knows of a call: its state, or that it has ended.
    func header(of callID: ByteString) -> RecordHeader? {
        let ended = state.values.withLock { $0.table[callID] }.flatMap { $0.header.isLive ? nil : $0.header }
        guard let version = relay.version(of: callID) else { return ended }
        let live = RecordHeader(version: version, state: .live)
        guard let ended, live < ended else { return live }
        return ended
    }

    /// Takes a record over if it is newer than what is known here, and offers what is known here if that is newer.
    ///
    /// - Parameters:
    ///   - sequence: of the change in the index of `server`; 0 when not known.
    ///   - isOld: it was found in a store that has come back, and nobody may have written it lately.
    func take(_ bytes: [UInt8], of callID: ByteString, sequence: UInt64, from server: String, isOld: Bool = false) {
        let now = SystemClock.monotonic
        guard let header = RecordHeader(bytes.span) else {
            return state.countSkippedRecord(callID, "no record of ours, or of another version")
        }
        if let known = self.header(of: callID), !(known < header) {
            state.values.withLock { $0.table.read(callID, header, sequence: sequence, from: server, at: now) }
            if header < known { state.note { $0.change(callID, isUrgent: known.isLive) } }
            return
        }
        let isKnown = state.values.withLock { values in
            defer { values.table.expect(callID, header, at: now) }
            return values.table[callID] != nil
        }
        defer { state.values.withLock { $0.table.finish(callID) } }
        if isOld, !isKnown, header.isLive, header.version.ownership.node == node { return end(callID, header, at: now) }
        do throws(SessionRecord.Fault) {
            switch try SessionRecord(bytes, of: callID) {
            case .live(let snapshot): relay.apply(snapshot)
            case .ended(let ending): relay.apply(ending)
            }
        } catch {
            return state.countSkippedRecord(callID, "\(error)")
        }
        // What cannot be opened here is not in the relay's own description of the call; it must not get lost by that.
        let original = header.isLive && relay.obstacle(callID: callID) != nil ? bytes : nil
        state.values.withLock { values in
            values.status.appliedChanges += 1
            values.table.read(
                callID, header, sequence: sequence, from: server, at: SystemClock.monotonic, keeping: original)
        }
        bury(callID)
    }

    /// The store has a call of ours that we know nothing of although we know all that we have: it has ended so long ago that
    /// nobody remembers. Whoever knows a later state of it still knows better.
    private func end(_ callID: ByteString, _ header: RecordHeader, at now: UInt64) {
        state.countStaleCall(callID)
        state.note { $0.end(CallEnding(callID: callID, version: header.version, isFinal: false), at: now) }
    }

    /// Ends a call that has ended while its record was on its way into the relay.
    func bury(_ callID: ByteString) {
        let entry = state.values.withLock { $0.table[callID] }
        guard let header = entry?.header, !header.isLive else { return }
        relay.apply(CallEnding(callID: callID, version: header.version, isFinal: header.state == .ended))
    }
}
