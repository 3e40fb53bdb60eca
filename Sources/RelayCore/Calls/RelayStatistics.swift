internal import Synchronization

/// Calls that are over, counted by how they ended.
final class RelayStatistics: Sendable {
    enum Event: Hashable, Sendable {
        case rejected
        case adopted
        case ended(TerminationReason)
    }

    private let counts = Mutex<[Event: UInt64]>([:])

    func count(_ event: Event) { counts.withLock { $0[event, default: 0] += 1 } }

    func value(_ event: Event) -> UInt64 { counts.withLock { $0[event] ?? 0 } }
}

extension Relay {
    /// How many calls have ended for a reason since the start.
    public func endedCalls(_ reason: TerminationReason) -> UInt64 { statistics.value(.ended(reason)) }

    /// How many calls were refused because of `Configuration.maximumSessions`.
    public var rejectedCalls: UInt64 { statistics.value(.rejected) }

    /// How many datagrams were not forwarded, by reason.
    package func drops(_ reason: DropReason) -> UInt64 { plane.drops(reason) }
}
