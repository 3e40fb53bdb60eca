internal import Logging
internal import Synchronization
package import WireFormat

/// Who owns a call decides who may time it out, end it and write its record. Packets are forwarded by whoever gets them.
extension Relay {
    /// How long after a planned end another relay waits for the owner to carry it out, in nanoseconds.
    private static let endingGrace: UInt64 = 5_000_000_000

    /// The call belongs to another relay; this one only stands by.
    func isForeign(_ state: CallState) -> Bool { state.version.ownership.node != configuration.node }

    /// How many calls belong to other relays.
    public var foreignCallCount: Int { foreignCalls.load(ordering: .relaxed) }

    /// A command or packet of the call has come here: it is ours from now on, whoever had it before.
    ///
    /// - Returns: false when it was ours already.
    @discardableResult
    func adopt(_ state: inout CallState, at now: UInt64) -> Bool {
        guard isForeign(state) else { return false }
        state.version.ownership = Ownership(node: configuration.node, epoch: state.version.ownership.epoch + 1)
        state.ownedSince = now
        foreignCalls.subtract(1, ordering: .relaxed)
        statistics.count(.adopted)
        return true
    }

    /// Looks after a call of another relay: takes it over when its packets come here now, and carries out an end that
    /// was planned and that its owner has not lived to see.
    ///
    /// - Parameter heard: when the last packet came to each port.
    /// - Returns: whether the call is ours now.
    func watch(_ call: Call, _ state: inout CallState, _ heard: [SlotID: UInt64], at now: UInt64) -> Bool {
        if let due = state.deleteAt, due <= now, now - due >= Self.endingGrace {
            // Not final: an offer that has revived the call elsewhere counts more.
            let ending = CallEnding(callID: call.id, version: state.version, isFinal: false)
            close(call, &state)
            notifyEnded(ending)
            return false
        }
        guard heard.values.contains(where: { $0 > state.ownedSince }) else { return false }
        adopt(&state, at: now)
        state.version.revision += 1
        return true
    }

    /// Takes over all calls that have a port on one of these addresses, because the addresses are routed here now.
    ///
    /// - Returns: how many belonged to another relay.
    @discardableResult
    package func takeOver(addresses: Set<IPAddress>) -> Int {
        takeOver { state in state.ports.contains { addresses.contains($0.pair.address) } }
    }

    /// Takes over all calls of other relays.
    @discardableResult
    package func takeOverAll() -> Int { takeOver { _ in true } }

    private func takeOver(where isWanted: (CallState) -> Bool) -> Int {
        var count = 0
        for call in calls.withLock({ Array($0.values) }) {
            let isNew = call.state.withLock { state in
                guard !state.hasEnded, isWanted(state) else { return false }
                guard adopt(&state, at: SystemClock.monotonic) else { return false }
                state.version.revision += 1
                return true
            }
            if isNew {
                count += 1
                notifyChanged(call)
            }
        }
        return count
    }

    /// Says which addresses are known not to be routed here. Calls on them are not timed out: silence means nothing.
    /// On one that is routed here again silence counts from that moment, in monotonic nanoseconds.
    package func setUncarried(_ addresses: Set<IPAddress>, at now: UInt64 = SystemClock.monotonic) {
        carriage.withLock { $0.set(uncarried: addresses, at: now) }
    }

    /// How many calls were taken over from other relays since the start.
    public var adoptedCalls: UInt64 { statistics.value(.adopted) }
}
