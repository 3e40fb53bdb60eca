internal import WireFormat

extension MediaWorker {
    /// Receive calls in a row, before the control plane gets its turn.
    private static let batchesPerTurn = 8

    /// Relays a batch that was received, and what else is waiting, in batches: one system call in, and one out for each
    /// local address.
    ///
    /// - Complexity: O(datagrams). Allocates nothing, takes no lock, writes no log.
    mutating func relay(received first: Int, at now: UInt64) {
        let isBehind = relayBatches(first, at: now)
        let step = backlog.endTurn(isBehind: isBehind, at: now)
        if step != .nothing { steered.perform(step, at: now) }
    }

    /// Returns whether there is more to read.
    @inline(__always)
    private mutating func relayBatches(_ first: Int, at now: UInt64) -> Bool {
        var count = first
        for turn in 1...Self.batchesPerTurn {
            makeRoomForLearned(count)
            prefetchBatch(count)
            for place in 0..<count { queue(place, at: now) }
            steered.flush()
            for place in 0..<count { settle(place) }
            guard count == SteeredPort.batchSize else { return false }
            if turn < Self.batchesPerTurn { count = steered.receive() }
        }
        return true
    }

    /// In three steps for the whole batch, the processor fetches what is known of all its streams at once, and not of one
    /// after the other.
    @inline(__always)
    private func prefetchBatch(_ count: Int) {
        for place in 0..<count {
            if let local = steered.local(of: place) { steered.prefetch(local) }
        }
        for place in 0..<count {
            if let local = steered.local(of: place), let index = steered.slot(at: local) {
                prefetch(index)
            }
        }
        for place in 0..<count {
            if let local = steered.local(of: place), let index = steered.slot(at: local), slots.isInUse(index),
                let sink = slots[index].entry.rtpSink
            {
                prefetch(Int(sink.index))
            }
        }
    }

    @inline(__always)
    private mutating func queue(_ place: Int, at now: UInt64) {
        guard let (source, local) = steered.turn(to: place) else { return countStray() }
        guard let index = slot(at: local) else {
            return hear(local, from: source, at: now)
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

    /// A datagram for no stream: one of our own, or nobody's.
    @inline(never)
    private mutating func hear(_ local: TransportAddress, from source: TransportAddress, at now: UInt64) {
        guard steered.isBell(local, from: source) else { return countStray() }
        guard let mark = steered.mark else { return }
        steered.perform(backlog.received(mark, at: now), at: now)
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
