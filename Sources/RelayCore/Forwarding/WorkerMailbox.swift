internal import Synchronization
package import WireFormat

/// A media thread's news about one stream: its endpoint was learned, moved or locked.
package struct LatchEvent: Sendable, Equatable {
    package let slot: SlotID
    package let source: TransportAddress?
    package let target: TransportAddress?
    package let isLocked: Bool
    /// What was signalled when this was learned.
    package let signalled: TransportAddress?
    /// The latch's round of signalling (`SourceLatch.round`).
    package let round: UInt32
}

/// The only door between the control plane and one media thread.
package final class WorkerMailbox: Sendable {
    /// What the control plane asks for. Applied in order.
    enum Command: Sendable {
        case install(SlotID, StreamOutlet, ForwardingEntry, SourceLatch)
        case update(SlotID, ForwardingEntry)
        case signal(SlotID, TransportAddress?, SourceLatch.Policy, isPublic: Bool, at: UInt64)
        case relatch(SlotID, SourceLatch)
        /// What `SourceLatch.note` takes.
        case heardElsewhere(SlotID, Bool, last: UInt64)
        /// What another plane has counted of a stream's RTP so far.
        case observed(SlotID, RTPReception, at: UInt64)
        /// What RTCP says that another plane has forwarded, and when.
        case reported(SlotID, RTCPDigest, at: UInt64)
        case mark(SlotID, tos: UInt8)
        /// Forget this stream. It comes back through `takeReports`, when nothing uses it any more.
        case remove(SlotID)
        case stop
    }

    /// How long commands wait at most while they come one after the other, in milliseconds. Packets are never kept waiting:
    /// one that arrives makes the thread look for commands first.
    private static let pause: Int32 = 10

    /// Commands whose memory is kept for the next ones: what comes in a pause from a busy proxy.
    private static let usualBurst = 2048

    private struct Outbox {
        var events: [LatchEvent] = []
        var released: [SlotID] = []
    }

    private let pending = Mutex<[Command]>([])
    private let hasWork = Atomic<Bool>(false)
    /// The media thread waits for packets only and has to be woken for commands; otherwise it looks again by itself.
    private let isAsleep = Atomic<Bool>(false)
    /// How often the media thread has come for commands.
    private let visits = Atomic<UInt64>(0)
    private let outbox = Mutex(Outbox())
    private let poller: Poller
    private let bell: UDPSocket?
    private let listener: Poller

    /// - Parameters:
    ///   - poller: where the media thread waits.
    ///   - bell: where it waits instead, when one socket serves all ports.
    ///   - listener: where the control plane's housekeeper waits.
    init(poller: Poller, bell: UDPSocket?, listener: Poller) {
        (self.poller, self.bell, self.listener) = (poller, bell, listener)
    }

    /// Called by the control plane, from any thread.
    func post(_ commands: [Command]) {
        pending.withLock { $0.append(contentsOf: commands) }
        ring()
    }

    /// Has the media thread come for commands, even if there are none. Any thread.
    ///
    /// - Returns: how often it had come before.
    func knock() -> UInt64 {
        let before = visits.load(ordering: .acquiring)
        ring()
        return before
    }

    private func ring() {
        // Only the first of a burst has to wake the thread; it takes all that has come by then.
        guard !hasWork.exchange(true, ordering: .sequentiallyConsistent) else { return }
        guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
        if let bell { bell.ring() } else { poller.wake() }
    }

    /// Called by the media thread before it waits.
    ///
    /// Commands come in bursts, and waking a thread costs both sides more than the command. So after a round with commands
    /// the thread waits for a short time only, and nobody wakes it.
    ///
    /// - Returns: how long to wait, in milliseconds; -1 for as long as it takes.
    func waitingTime(hadCommands: Bool) -> Int32 {
        if hadCommands { return Self.pause }
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        return hasWork.load(ordering: .sequentiallyConsistent) ? 0 : -1
    }

    /// Called by the media thread after it has waited.
    func awake() { isAsleep.store(false, ordering: .relaxed) }

    /// Whether something has been posted since the last `takeCommands`. Called by the media thread.
    var hasCommands: Bool { hasWork.load(ordering: .acquiring) }

    /// Called by the media thread between two rounds: one atomic load when there is nothing to do.
    ///
    /// - Parameter commands: receives them. What is in there has been applied, and its memory is used for the next ones.
    func takeCommands(into commands: inout [Command]) {
        if !commands.isEmpty { commands.removeAll(keepingCapacity: commands.capacity <= Self.usualBurst) }
        guard hasWork.load(ordering: .relaxed), hasWork.exchange(false, ordering: .acquiringAndReleasing) else {
            return
        }
        visits.add(1, ordering: .relaxed)
        pending.withLock { swap(&$0, &commands) }
    }

    /// Called by the media thread, at most once a round, and only when there is news.
    func report(events: [LatchEvent], released: [SlotID]) {
        outbox.withLock { outbox in
            outbox.events += events
            outbox.released += released
        }
        listener.wake()
    }

    /// Called by the housekeeper: what was learned since the last call, and which slots the thread has let go.
    func takeReports() -> (events: [LatchEvent], released: [SlotID]) {
        outbox.withLock { outbox in
            defer { outbox = Outbox() }
            return (outbox.events, outbox.released)
        }
    }
}
