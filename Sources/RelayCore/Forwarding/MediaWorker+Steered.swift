internal import WireFormat

extension MediaWorker {
    /// Receive calls in a row on one socket, before the other family and the control plane get their turn.
    private static let batchesPerTurn = 8

    /// Relays what is waiting at a socket that takes the datagrams of all our ports, in batches: one system call in, and
    /// one out for each local address.
    ///
    /// - Complexity: O(datagrams). Allocates nothing, takes no lock, writes no log.
    mutating func pump(steered receiver: Int, at now: UInt64) {
        relay(received: steered.receive(from: receiver), from: receiver, at: now)
    }

    /// As `pump`, with the first batch received.
    mutating func relay(received first: Int, from receiver: Int, at now: UInt64) {
        var count = first
        for turn in 1...Self.batchesPerTurn {
            makeRoomForLearned(count)
            for place in 0..<count { queue(place, at: now) }
            steered.flush()
            for place in 0..<count { settle(place) }
            guard count == SteeredPort.batchSize, turn < Self.batchesPerTurn else { return }
            count = steered.receive(from: receiver)
        }
    }

    @inline(__always)
    private mutating func queue(_ place: Int, at now: UInt64) {
        guard let (source, local) = steered.describe(place) else { return countStray() }
        guard let index = slot(at: local) else {
            if !steered.isBell(local, from: source) { countStray() }
            return
        }
        isSteered = true
        let (kind, length) = (PacketKind(steered.datagram), UInt64(steered.datagram.count))
        guard let passage = judge(kind, length, from: source, at: index, now) else { return }
        let outlet = slots[passage.sink].outlet
        guard outlet.local.address.family == passage.destination.address.family else {
            return drop(.noDestination, at: index)
        }
        steered.queue(
            place, through: outlet.sender, from: outlet.local, to: passage.destination, tos: outlet.tos,
            as: SteeredPort.Passage(source: index, sink: passage.sink, length: length))
    }

    private func countStray() {
        counters.add(1, to: DropReason.noStream.rawValue, of: Self.dropSlot(capacity: slots.capacity))
    }

    /// The slot that serves a local port. A port may have been opened, and its first datagram delivered, since we looked
    /// for commands.
    @inline(__always)
    private mutating func slot(at local: TransportAddress) -> Int? {
        if let index = steered.slot(at: local) { return index }
        guard mailbox.hasCommands else { return nil }
        _ = applyCommands()
        return steered.slot(at: local)
    }

    /// Counts what the kernel has taken.
    @inline(__always)
    private func settle(_ place: Int) {
        guard let passage = steered.passage(of: place) else { return }
        guard !passage.wasRefused else { return drop(.sendFailed, at: passage.source) }
        countSent(passage.length, through: passage.sink)
    }
}
