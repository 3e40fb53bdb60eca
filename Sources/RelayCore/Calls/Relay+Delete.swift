internal import Logging
internal import Synchronization
public import WireFormat

extension Relay {
    /// Takes stock of a call; `nil` when there is none with that Call-ID.
    public func query(callID: ByteString) -> CallReport? {
        guard let call = find(callID) else { return nil }
        return call.state.withLock { state in
            state.hasEnded
                ? nil : CallReport(call, state, plane: plane, interfaces: interfaces, isForeign: isForeign(state))
        }
    }

    /// Branches that ring after another one was ended by name are given up after so long without a word: proxies do so after
    /// little more than three minutes (RFC 3261 §16.6, timer C). Nanoseconds.
    private static let ringingLimit: UInt64 = 200_000_000_000

    /// Ends a call, or one side of it and whoever talks to nobody else.
    ///
    /// - Parameters:
    ///   - tag: the side to end; `nil` for the whole call.
    ///   - toTag: the side to end instead, and no other. While nobody has answered nobody is known by it: then `tag` counts.
    ///   - viaBranch: the branch of a forked call to end, when it is one's; otherwise the tag decides. Of use with `toTag`
    ///     only when that is unknown.
    ///   - delay: how long forwarding goes on; `nil` for the configured `Timeouts.deleteDelay`. A new offer within it
    ///     revives the call.
    /// - Returns: what the call looked like, or `nil` when nothing matched.
    @discardableResult
    public func delete(
        callID: ByteString, tag: ByteString? = nil, toTag: ByteString? = nil, viaBranch: ByteString? = nil,
        delay: Duration? = nil
    ) -> CallReport? {
        guard let call = find(callID) else { return nil }
        let wait = (delay ?? settings.timeouts.deleteDelay).nanoseconds
        let (sum, overflow) = SystemClock.monotonic.addingReportingOverflow(wait)
        let due = overflow ? .max : sum
        let (report, hasEnded): (CallReport?, Bool) = call.state.withLock { state in
            guard !state.hasEnded else { return (nil, true) }
            var (ending, isRinging): ([Int]?, Bool) = (nil, false)
            if let tag {
                guard let (index, isOneOfSeveral) = Self.sideToEnd(tag, toTag, viaBranch, in: state) else {
                    return (nil, false)
                }
                let leaving = Self.dependents(of: index, in: state)
                let staying = state.participants.lazy.filter { !leaving.contains($0.id) }
                // One side that has spoken, and branches that never answered: after the BYE there is no call between them.
                isRinging = staying.count { $0.tag != nil } < 2
                if !staying.isEmpty, isOneOfSeveral || !isRinging { ending = leaving }
            }
            let report = CallReport(call, state, plane: plane, interfaces: interfaces, isForeign: isForeign(state))
            adopt(&state, at: SystemClock.monotonic)
            state.version.revision += 1
            if let ending {
                for id in ending { state.index(of: id).map { state.participants[$0].removeAt = due } }
                // A refusal and a BYE look alike: unless somebody answers, the call is over.
                if isRinging, toTag != nil {
                    state.deleteAt = min(due, .max - Self.ringingLimit) + Self.ringingLimit
                }
                if wait == 0 { removeDueSides(of: call, &state, at: due) }
            } else if wait == 0 {
                end(call, &state, .regular)
            } else {
                state.deleteAt = due
                // A new offer revives the call, but only those whom it is about.
                for index in state.participants.indices {
                    state.participants[index].removeAt = min(state.participants[index].removeAt ?? .max, due)
                }
            }
            return (report, state.hasEnded)
        }
        if report != nil, !hasEnded { notifyChanged(call) }
        return report
    }

    /// The side that a `delete` means, and whether it is about that one alone, whatever becomes of the others.
    private static func sideToEnd(
        _ tag: ByteString, _ toTag: ByteString?, _ viaBranch: ByteString?, in state: CallState
    ) -> (index: Int, isOneOfSeveral: Bool)? {
        let branch = viaBranch.flatMap { branch in
            state.participants.firstIndex { $0.viaBranch == branch && $0.tag != tag }
        }
        guard let toTag else {
            return branch.map { ($0, true) } ?? state.index(tag: tag).map { ($0, false) }
        }
        if let index = state.index(tag: toTag) ?? branch { return (index, true) }
        // A refusal has a tag that no answer has brought. With one side to come from, it can only be that one's.
        guard let sender = state.index(tag: tag), state.participants[sender].associates.count == 1,
            let other = state.index(of: state.participants[sender].associates[0]),
            state.participants[other].tag == nil
        else { return nil }
        return (sender, false)
    }

    /// A side, and those whose only associate it is.
    private static func dependents(of index: Int, in state: CallState) -> [Int] {
        let leaving = state.participants[index].id
        var all = [leaving]
        for side in state.participants where side.associates.count == 1 && side.associates[0] == leaving {
            if side.id != leaving { all.append(side.id) }
        }
        return all
    }

    /// Ends a call whatever it is doing; false when there is none.
    @discardableResult
    public func terminate(callID: ByteString) -> Bool {
        guard let call = find(callID) else { return false }
        return call.state.withLock { state in
            guard !state.hasEnded else { return false }
            end(call, &state, .forced)
            return true
        }
    }

    /// Ends a call under its lock, here and for all relays that hold it.
    func end(_ call: Call, _ state: inout CallState, _ reason: TerminationReason) {
        noteQuality(in: &state)
        if !isForeign(state) { noteEnd(of: call, state, reason) }
        close(call, &state)
        configuration.logger.info("call ended: \(reason.rawValue)", metadata: ["call-id": "\(call.id)"])
        notifyEnded(CallEnding(callID: call.id, version: state.version, isFinal: reason.isCommanded))
    }

    /// Closes a call's ports, as soon as no packet is in hand, and forgets it.
    func close(_ call: Call, _ state: inout CallState) {
        let handles = state.handles
        for handle in handles { interfaces.noteClosing(handle, plane.counters(of: handle.slot)) }
        plane.apply(handles.map { .remove($0) }, worker: call.worker)
        state.participants = []
        if isForeign(state) { foreignCalls.subtract(1, ordering: .relaxed) }
        forget(call, &state)
    }

    /// Removes the sides whose time has come; the call with the last one.
    ///
    /// - Returns: whether it has removed any.
    @discardableResult
    func removeDueSides(of call: Call, _ state: inout CallState, at now: UInt64) -> Bool {
        let due = state.participants.filter { ($0.removeAt ?? .max) <= now }
        guard !due.isEmpty else { return false }
        guard due.count < state.participants.count else {
            end(call, &state, .regular)
            return true
        }
        let gone = Set(due.map(\.id))
        let handles = due.flatMap { $0.media.flatMap { $0.ports } }
        state.participants.removeAll { gone.contains($0.id) }
        for index in state.participants.indices {
            state.participants[index].associates.removeAll { gone.contains($0) }
            if let peer = state.participants[index].peer, gone.contains(peer) {
                state.participants[index].peer = state.participants[index].associates.last
            }
        }
        var work = Negotiation(call: call, state: state, context: context())
        work.rewire()
        work.close(handles)
        work.commit(to: &state)
        return true
    }
}
