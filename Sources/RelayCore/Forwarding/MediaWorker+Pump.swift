internal import WireFormat

extension MediaWorker {
    /// Where an accepted datagram goes: out of the slot `sink`.
    struct Passage: BitwiseCopyable {
        let sink: Int
        let destination: TransportAddress
    }

    /// Datagrams of one port that are passed over in one turn, at most.
    private static let mostPassedOver = 64

    /// Relays one datagram of one port. Level-triggered polling brings the port back if more is waiting, after every
    /// other port has had its turn: under overload, calls share what there is.
    ///
    /// - Parameter onlyNewest: what has come before the newest datagram is too old to be of use.
    /// - Complexity: O(1), one system call in and one out. Allocates nothing, takes no lock, writes no log.
    mutating func pump(_ index: Int, _ generation: UInt32, at now: UInt64, onlyNewest: Bool) {
        guard slots.holds(index, generation: generation) else { return }
        guard var source = buffer.receive(from: slots[index].outlet.socket) else { return }
        if onlyNewest { source = passOver(source, at: index) }
        isSteered = false
        let (kind, length) = (PacketKind(buffer.datagram), UInt64(buffer.datagram.count))
        guard let passage = judge(kind, length, from: source, at: index, now) else { return }
        guard buffer.send(from: slots[passage.sink].outlet.socket, to: passage.destination) else {
            return drop(.sendFailed, at: index)
        }
        countSent(length, through: passage.sink)
    }

    /// Reads on to the newest datagram of a port; returns where that has come from.
    @inline(never)  // only under overload
    private mutating func passOver(_ first: TransportAddress, at index: Int) -> TransportAddress {
        var source = first
        for _ in 0..<Self.mostPassedOver {
            guard let next = buffer.receive(from: slots[index].outlet.socket) else { break }
            drop(.overload, at: index)
            rounds.passOver()
            source = next
        }
        return source
    }

    /// Counts a datagram that has come to a slot, learns from it, and decides where it goes; `nil` for nowhere.
    ///
    /// - Complexity: O(1). Allocates nothing, takes no lock, writes no log.
    @inline(__always)
    mutating func judge(
        _ kind: PacketKind, _ length: UInt64, from source: TransportAddress, at index: Int, _ now: UInt64
    ) -> Passage? {
        let entry = slots[index].entry
        var (sink, confirms) = (entry.rtpSink, true)
        switch (entry.component, kind) {
        case (.opaque, _), (.rtp, .rtp): break
        case (.rtp, .rtcp):
            if entry.isMuxed { sink = entry.rtcpSink } else { confirms = false }
        case (.rtcp, .rtp), (.rtcp, .rtcp): sink = entry.rtcpSink
        case (.rtp, .other), (.rtcp, .other):
            guard entry.passesNonRTP else { return refuse(.notRTP, at: index) }
            sink = entry.component == .rtp ? entry.rtpSink : entry.rtcpSink
            confirms = false
        }

        switch slots[index].latch.received(from: source, confirms: confirms, at: now) {
        case .forward: break
        case .learned: noteLearned(index)
        case .dropUnexpectedSource: return refuse(.unexpectedSource, at: index)
        case .lockOut:
            noteLearned(index)
            return refuse(.unexpectedSource, at: index)
        }
        counters.add(1, to: .packets, of: index)
        counters.add(length, to: .bytes, of: index)
        let sums = Self.dropSlot(capacity: slots.capacity)
        counters.add(1, to: Self.packetSumCell, of: sums)
        counters.add(length, to: Self.byteSumCell, of: sums)
        counters.set(now, in: .lastPacket, of: index)
        if case .rtp(let ssrc) = kind {
            counters.set(UInt64(ssrc) | 1 << 32, in: .ssrc, of: index)
        } else {
            counters.add(1, to: .otherPackets, of: index)
        }

        measure(kind, of: index, entry, at: now)

        if entry.checksLoops, isLooping(index, at: now) { return refuse(.loop, at: index) }
        guard entry.isPlain || admits(kind, to: sink, by: entry) else {
            counters.add(1, to: DropReason.notForwarded.rawValue, of: sums)
            return nil
        }
        guard let sink, slots.holds(Int(sink.index), generation: sink.generation),
            let destination = slots[Int(sink.index)].latch.target
        else { return refuse(.noDestination, at: index) }
        return Passage(sink: Int(sink.index), destination: destination)
    }

    /// Has the control plane told what a stream's latch has learned.
    @inline(never)  // not for every packet
    private mutating func noteLearned(_ index: Int) {
        guard learned.count < Self.socketsPerRound else { return }
        let generation = slots.generation(of: index)
        learned.append(SlotID(worker: number, index: UInt32(truncatingIfNeeded: index), generation: generation))
    }

    @inline(__always)
    func countSent(_ length: UInt64, through sink: Int) {
        counters.add(1, to: .packetsOut, of: sink)
        counters.add(length, to: .bytesOut, of: sink)
    }

    @inline(__always)
    func drop(_ reason: DropReason, at index: Int) {
        counters.add(1, to: .errors, of: index)
        counters.add(1, to: reason.rawValue, of: Self.dropSlot(capacity: slots.capacity))
    }

    @inline(__always)
    private func refuse(_ reason: DropReason, at index: Int) -> Passage? {
        drop(reason, at: index)
        return nil
    }
}
