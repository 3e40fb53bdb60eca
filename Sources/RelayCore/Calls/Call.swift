package import Synchronization
package import WireFormat

/// Everything that is known of a call: a value, so that a change that fails half-way leaves nothing behind.
package struct CallState: Sendable {
    package var participants: [Participant] = []
    package var nextParticipant = 0
    /// TOS octet or traffic class of the call's packets.
    package var tos: UInt8
    package var metadata: ByteString?
    /// Who sent the last offer or answer.
    package var controller: TransportAddress?
    /// What is switched off for all sides.
    package var restriction: MediaRestriction = []
    /// Nothing is forwarded (`drop-traffic`).
    package var dropsTraffic = false
    /// Who owns the call, and how often it has changed.
    package var version: CallVersion
    /// Of the last offer or answer: microseconds since the epoch, and monotonic nanoseconds.
    package var lastSignal: (wall: UInt64, monotonic: UInt64)
    /// Monotonic nanoseconds, for `final-timeout`.
    package let start: UInt64
    /// Monotonic time since which this relay has owned the call, or has not: timeouts begin here, and packets that came
    /// before say nothing about who carries the call now.
    package var ownedSince: UInt64
    /// Monotonic time at which the call ends after a `delete`, unless an offer revives it.
    package var deleteAt: UInt64?
    /// Why this relay could not forward the call's packets, if it could not: a port in use, an address that it lacks.
    package var obstacle: String?
    /// The call has ended; whoever still holds it must look it up again.
    package var hasEnded = false

    package init(tos: UInt8, wall: UInt64, monotonic: UInt64, node: String) {
        (self.tos, lastSignal, start, ownedSince) = (tos, (wall, monotonic), monotonic, monotonic)
        version = CallVersion(
            instance: CallInstance(created: wall, node: node), ownership: Ownership(node: node, epoch: 0), revision: 0)
    }

    /// Microseconds since the epoch.
    package var created: UInt64 { version.instance.created }

    /// The position of a side by its id.
    package func index(of id: Int) -> Int? { participants.firstIndex { $0.id == id } }

    package func index(tag: ByteString) -> Int? { participants.firstIndex { $0.tag == tag } }

    /// Every open port, replaced ones included.
    package var ports: [LocalPort] {
        var ports: [LocalPort] = []
        for side in participants {
            for media in side.media { ports += media.ports }
        }
        return ports
    }

    /// The places of all those ports.
    var handles: [StreamHandle] {
        var handles: [StreamHandle] = []
        for port in ports { handles += port.handles }
        return handles
    }
}

/// A call: its id, the media thread it lives on, and its state behind a lock.
package final class Call: Sendable {
    package let id: ByteString
    /// All streams of the call are on this media thread.
    package let worker: UInt16
    package let state: Mutex<CallState>

    package init(id: ByteString, worker: UInt16, state: CallState) {
        (self.id, self.worker) = (id, worker)
        self.state = Mutex(state)
    }
}
