internal import WireFormat

/// One media thread: it owns its streams, and nothing else touches them.
///
/// RTP and RTCP of a call, in both directions, are on one worker, so a packet never crosses to another core.
struct MediaWorker: ~Copyable {
    /// Sockets looked at in one round; as many as one `epoll_wait` reports.
    static let socketsPerRound = 256
    /// Where the drop reasons are counted, behind the streams.
    static func dropSlot(capacity: Int) -> Int { capacity }
    /// In the same place, at its end: all packets and bytes that were received, those of ended calls included.
    static let packetSumCell = CounterCells.cellsPerSlot - 2
    static let byteSumCell = CounterCells.cellsPerSlot - 1

    let number: UInt16
    private let mailbox: WorkerMailbox
    private let poller: Poller
    var slots: SlotTable
    let counters: CounterCells.Writer
    var buffer = DatagramBuffer()
    /// Streams whose latch changed in this round. Reserved once; more than fit wait for their next packet.
    var learned: [SlotID] = []

    init(number: UInt16, capacity: Int, mailbox: WorkerMailbox, poller: Poller, counters: CounterCells.Writer) {
        (self.number, self.mailbox, self.poller, self.counters) = (number, mailbox, poller, counters)
        slots = SlotTable(capacity: capacity)
        learned.reserveCapacity(Self.socketsPerRound)
    }

    /// Relays until told to stop.
    mutating func run() {
        var tags = [UInt64](repeating: 0, count: Self.socketsPerRound)
        var hadCommands = false
        while true {
            let count = poller.wait(&tags, milliseconds: mailbox.waitingTime(hadCommands: hadCommands))
            mailbox.awake()
            let now = SystemClock.monotonic
            switch applyCommands() {
            case .none: hadCommands = false
            case .applied: hadCommands = true
            case .stopped: return
            }
            for position in 0..<count where tags[position] != Poller.wakeTag {
                pump(Int(truncatingIfNeeded: tags[position] & 0xFFFF_FFFF), UInt32(tags[position] >> 32), at: now)
            }
            if !learned.isEmpty { reportLearned() }
        }
    }

    private mutating func reportLearned() {
        var events: [LatchEvent] = []
        for slot in learned where slots.holds(Int(slot.index), generation: slot.generation) {
            let latch = slots[Int(slot.index)].latch
            events.append(
                LatchEvent(
                    slot: slot, source: latch.source, target: latch.target, isLocked: latch.isLocked,
                    round: latch.round))
        }
        learned.removeAll(keepingCapacity: true)
        mailbox.report(events: events, released: [])
    }

    private enum Commands { case none, applied, stopped }

    /// Applies what the control plane has posted.
    private mutating func applyCommands() -> Commands {
        let commands = mailbox.takeCommands()
        guard !commands.isEmpty else { return .none }
        var released: [SlotID] = []
        for command in commands {
            switch command {
            case .install(let id, let socket, let entry, let latch):
                counters.clear(slot: Int(id.index))
                slots.install(
                    StreamSlot(socket: socket, entry: entry, latch: latch), at: Int(id.index), generation: id.generation
                )
            case .update(let id, let entry) where slots.holds(Int(id.index), generation: id.generation):
                slots[Int(id.index)].entry = entry
            case .signal(let id, let address, let policy, let isPublic, let now)
            where slots.holds(Int(id.index), generation: id.generation):
                slots[Int(id.index)].latch.signal(address, policy: policy, isPublic: isPublic, at: now)
            case .relatch(let id, let latch) where slots.holds(Int(id.index), generation: id.generation):
                slots[Int(id.index)].latch = latch
            case .heardElsewhere(let id, let isHeard, let last)
            where slots.holds(Int(id.index), generation: id.generation):
                slots[Int(id.index)].latch.note(isHeardElsewhere: isHeard, last: last)
            case .remove(let ids):
                for id in ids where slots.holds(Int(id.index), generation: id.generation) {
                    slots.clear(Int(id.index))
                }
                released += ids
            case .stop: return .stopped
            case .update, .signal, .relatch, .heardElsewhere: continue  // of a stream that is gone
            }
        }
        if !released.isEmpty { mailbox.report(events: [], released: released) }
        return .applied
    }
}
