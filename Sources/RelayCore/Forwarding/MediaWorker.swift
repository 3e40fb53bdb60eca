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
    let mailbox: WorkerMailbox
    private let poller: Poller
    var slots: SlotTable
    let counters: CounterCells.Writer
    var buffer = DatagramBuffer()
    /// For ports without sockets of their own.
    var steered: SteeredPort
    /// Streams whose latch changed and that the control plane has not heard of yet. Reserved once: what could overflow it
    /// reports first (`makeRoomForLearned`), since a latch that has locked has nothing to say again.
    var learned: [SlotID] = []

    /// What waits where ports have no sockets of their own.
    var backlog = BacklogControl()
    /// The same where they have.
    var rounds = RoundControl()
    /// The datagram in hand is in `steered`, not in `buffer`.
    var isSteered = false

    /// Samples of quality are of conversations, not of mere listening.
    private let ratesDelay: Bool
    private var isStopped = false
    /// What was posted last, and applied; its memory is used again.
    private var commands: [WorkerMailbox.Command] = []

    /// - Parameter sockets: for ports without sockets of their own; `nil` when every port has one.
    init(
        number: UInt16, capacity: Int, mailbox: WorkerMailbox, poller: Poller, counters: CounterCells.Writer,
        sockets: SteeredSockets?, ratesDelay: Bool
    ) {
        self.ratesDelay = ratesDelay
        (self.number, self.mailbox, self.poller, self.counters) = (number, mailbox, poller, counters)
        slots = SlotTable(capacity: capacity)
        steered = SteeredPort(sockets)
        learned.reserveCapacity(Self.socketsPerRound)
    }

    /// What the poller reports for a port with a socket of its own.
    static func tag(of slot: SlotID) -> UInt64 { UInt64(slot.generation) << 32 | UInt64(slot.index) }

    @inline(__always)
    private static func parts(of tag: UInt64) -> (index: Int, generation: UInt32) {
        (Int(truncatingIfNeeded: tag & 0xFFFF_FFFF), UInt32(tag >> 32))
    }

    /// Relays until told to stop.
    mutating func run() {
        if steered.isOpen { runSteered() } else { runWithPoller() }
    }

    private mutating func runWithPoller() {
        var tags = [UInt64](repeating: 0, count: Self.socketsPerRound)
        var hadCommands = false
        while true {
            let count = poller.wait(&tags, milliseconds: mailbox.waitingTime(hadCommands: hadCommands))
            mailbox.awake()
            let now = SystemClock.monotonic
            hadCommands = applyCommands()
            guard !isStopped else { return }
            let isBehind = rounds.begin(ready: count, at: now)
            for position in 0..<count {
                if position + 1 < count { prefetch(Self.parts(of: tags[position + 1]).index) }
                guard tags[position] != Poller.wakeTag else { continue }
                let (index, generation) = Self.parts(of: tags[position])
                pump(index, generation, at: now, onlyNewest: isBehind)
            }
            if !learned.isEmpty { reportLearned() }
        }
    }

    /// With one socket for all ports, waiting for packets and receiving them is one system call.
    private mutating func runSteered() {
        var hadCommands = false
        while true {
            let pause = mailbox.waitingTime(hadCommands: hadCommands)
            if pause > 0 { steered.wait(milliseconds: pause) }
            let count = steered.receive(waits: pause < 0)
            mailbox.awake()
            let now = SystemClock.monotonic
            hadCommands = applyCommands()
            guard !isStopped else { return }
            relay(received: count, at: now)
            if !learned.isEmpty { reportLearned() }
        }
    }

    /// Has the processor fetch what is known of a stream. Every packet is another call's, whose memory is in no near cache.
    @inline(__always)
    func prefetch(_ index: Int) {
        slots.prefetch(index)
        counters.prefetch(slot: index)
    }

    /// So many datagrams may be judged next.
    @inline(__always)
    mutating func makeRoomForLearned(_ count: Int) {
        if learned.count + count > Self.socketsPerRound { reportLearned() }
    }

    @inline(never)  // not for every packet
    private mutating func reportLearned() {
        var events: [LatchEvent] = []
        for slot in learned where slots.holds(Int(slot.index), generation: slot.generation) {
            let latch = slots[Int(slot.index)].latch
            events.append(
                LatchEvent(
                    slot: slot, source: latch.source, target: latch.target, isLocked: latch.isLocked,
                    signalled: latch.signalled, round: latch.round))
        }
        learned.removeAll(keepingCapacity: true)
        mailbox.report(events: events, released: [])
    }

    /// Applies what the control plane has posted; false when there was nothing.
    @inline(never)  // not for every packet
    mutating func applyCommands() -> Bool {
        mailbox.takeCommands(into: &commands)
        guard !commands.isEmpty else { return false }
        var released: [SlotID] = []
        for command in commands {
            switch command {
            case .install(let id, let outlet, let entry, let latch): install(id, outlet, entry, latch)
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
                slots[Int(id.index)].quality.turned()
            case .observed(let id, let reception, let now) where slots.holds(Int(id.index), generation: id.generation):
                observe(reception, of: Int(id.index), at: now)
            case .reported(let id, let digest, let now) where slots.holds(Int(id.index), generation: id.generation):
                read(digest, at: Int(id.index), at: now)
            case .mark(let id, let tos) where slots.holds(Int(id.index), generation: id.generation):
                slots[Int(id.index)].outlet.tos = tos
            case .remove(let id):
                if slots.holds(Int(id.index), generation: id.generation) { uninstall(Int(id.index)) }
                released.append(id)
            case .stop: isStopped = true
            // Of a stream that is gone.
            case .update, .signal, .relatch, .heardElsewhere, .observed, .reported, .mark: continue
            }
        }
        if !released.isEmpty { mailbox.report(events: [], released: released) }
        return true
    }

    private mutating func install(
        _ id: SlotID, _ outlet: StreamOutlet, _ entry: ForwardingEntry, _ latch: SourceLatch
    ) {
        let index = Int(id.index)
        counters.clear(slot: index)
        var slot = StreamSlot(outlet: outlet, entry: entry, latch: latch)
        if outlet.socket == .none {
            slot.outlet.sender = steered.index(of: outlet.local.address) ?? 0
            steered.assign(index, at: outlet.local)
        }
        slot.quality.ratesDelay = ratesDelay
        slots.install(slot, at: index, generation: id.generation)
    }

    private mutating func uninstall(_ index: Int) {
        let outlet = slots[index].outlet
        // The port may be another stream's by now.
        if outlet.socket == .none, steered.slot(at: outlet.local) == index { steered.assign(nil, at: outlet.local) }
        counters.clear(slot: index)  // or whoever gets the slot next would have them until it is installed
        slots.clear(index)
    }
}
