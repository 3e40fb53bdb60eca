internal import Synchronization
package import WireFormat

/// What became of a snapshot that another relay has sent.
package enum SnapshotOutcome: Hashable, Sendable {
    /// The call is new here, and stands by.
    case created
    /// The call was here, and now is as the snapshot says.
    case updated
    /// What is known here is as new, or newer.
    case outdated
}

/// Calls on their way to other relays and back.
extension Relay {
    /// The newest state of a call; `nil` when there is none with that Call-ID.
    package func snapshot(of callID: ByteString) -> CallSnapshot? {
        guard let call = find(callID) else { return nil }
        return call.state.withLock { state in
            // A call that an offer has just created has no state to tell before the offer is through.
            state.hasEnded || state.participants.isEmpty
                ? nil : CallSnapshot(call, state, plane: plane, clock: SnapshotClock())
        }
    }

    /// The version of a call that is held here.
    package func version(of callID: ByteString) -> CallVersion? {
        guard let call = find(callID) else { return nil }
        return call.state.withLock { $0.hasEnded || $0.participants.isEmpty ? nil : $0.version }
    }

    /// Whether a call belongs to another relay; `nil` when there is none with that Call-ID.
    public func isForeign(callID: ByteString) -> Bool? {
        guard let call = find(callID) else { return nil }
        return call.state.withLock { $0.hasEnded ? nil : isForeign($0) }
    }

    /// Creates or changes a call as another relay, or an earlier process of this one, has described it.
    ///
    /// A call that is here is changed in place: ports that stay are not closed, and go on counting. The observer is not
    /// told. A port that cannot be opened stays in the call's description, is its `obstacle`, and is tried again.
    @discardableResult
    package func apply(_ snapshot: CallSnapshot) -> SnapshotOutcome {
        noteStamp(snapshot.version.instance.created)
        while !hasStopped {
            let (call, isNew) = calls.withLock { calls in
                if let call = calls[snapshot.callID] { return (call, false) }
                let call = Call(
                    id: snapshot.callID, worker: pickWorker(for: snapshot.ports.first?.port),
                    state: CallState(snapshot, SnapshotClock()))
                calls[snapshot.callID] = call
                if snapshot.version.ownership.node != configuration.node { foreignCalls.add(1, ordering: .relaxed) }
                return (call, true)
            }
            let outcome: SnapshotOutcome? = call.state.withLock { state in
                guard !state.hasEnded else { return nil }
                // A command may have come between, to a call that is new.
                guard state.version < snapshot.version || isNew && state.version == snapshot.version else {
                    return .outdated
                }
                guard state.version.instance == snapshot.version.instance else {
                    close(call, &state)
                    return nil
                }
                restore(snapshot, to: call, &state)
                return isNew ? .created : .updated
            }
            if let outcome { return outcome }
        }
        return .outdated
    }

    private func restore(_ snapshot: CallSnapshot, to call: Call, _ state: inout CallState) {
        let wasForeign = isForeign(state)
        var work = Negotiation(call: call, state: state, context: context())
        work.restore(snapshot, clock: SnapshotClock())
        work.commit(to: &state)
        switch (wasForeign, isForeign(state)) {
        case (true, false): foreignCalls.subtract(1, ordering: .relaxed)
        case (false, true): foreignCalls.add(1, ordering: .relaxed)
        default: return
        }
        state.ownedSince = SystemClock.monotonic
    }

    /// Ends a call that is over according to another relay; the observer is not told.
    ///
    /// - Returns: false when there is no such call, or what is known here is newer than its ending.
    @discardableResult
    package func apply(_ ending: CallEnding) -> Bool {
        noteStamp(ending.version.instance.created)
        guard let call = find(ending.callID) else { return false }
        return call.state.withLock { state in
            guard !state.hasEnded, ending.ends(state.version) else { return false }
            close(call, &state)
            return true
        }
    }
}
