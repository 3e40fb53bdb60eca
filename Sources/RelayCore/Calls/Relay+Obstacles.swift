internal import Synchronization
public import WireFormat

/// Calls whose packets this relay could not forward, because it could not open their ports: another program has them, or
/// descriptors are used up, or it lacks the address. They stay in the call's description for the others.
extension Relay {
    /// How often missing ports are tried again, in nanoseconds.
    private static let portInterval: UInt64 = 5_000_000_000

    /// Why this relay could not forward a call's packets; `nil` when it could, or does not know the call.
    public func obstacle(callID: ByteString) -> String? { find(callID)?.state.withLock { $0.obstacle } }

    /// How many calls have an obstacle, as of the last second, and one of the reasons.
    public var obstructedCalls: (count: Int, reason: String?) {
        obstruction.withLock { ($0.calls, $0.reason) }
    }

    /// Whether missing ports are to be tried now.
    func isTimeToTryPorts(at now: UInt64) -> Bool {
        obstruction.withLock { obstruction in
            guard now >= obstruction.nextTry else { return false }
            obstruction.nextTry = now &+ Self.portInterval
            return true
        }
    }

    /// Tries once more to open what is missing, under the numbers that the call's endpoints have been told. With nothing
    /// missing, because other ports have taken their place, there is no obstacle any more.
    func retryPorts(of call: Call, _ state: inout CallState) {
        let missing = state.participants.flatMap(\.media).compactMap(\.unopened)
        guard !missing.isEmpty else { return state.obstacle = nil }
        // Addresses do not come while a relay runs.
        guard missing.contains(where: { interfaces.find(name: $0.interface, local: $0.local) != nil }) else { return }
        let clock = SnapshotClock()
        let snapshot = CallSnapshot(call, state, plane: plane, clock: clock)
        var work = Negotiation(call: call, state: state, context: context())
        work.restore(snapshot, clock: clock)
        work.commit(to: &state)
    }
}
