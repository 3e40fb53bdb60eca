internal import WireFormat

extension MediaWorker {
    /// Relays one datagram of one port. Level-triggered polling brings the port back if more is waiting, after every
    /// other port has had its turn: under overload, calls share what there is.
    ///
    /// - Complexity: O(1), one system call in and one out. Allocates nothing, takes no lock, writes no log.
    mutating func pump(_ index: Int, _ generation: UInt32, at now: UInt64) {
        guard slots.holds(index, generation: generation) else { return }
        guard let source = buffer.receive(from: slots[index].socket) else { return }
        let length = UInt64(buffer.datagram.count)
        let entry = slots[index].entry

        let kind = PacketKind(buffer.datagram)
        var (sink, confirms) = (entry.rtpSink, true)
        switch (entry.component, kind) {
        case (.opaque, _), (.rtp, .rtp): break
        case (.rtp, .rtcp):
            if entry.isMuxed { sink = entry.rtcpSink } else { confirms = false }
        case (.rtcp, .rtp), (.rtcp, .rtcp): sink = entry.rtcpSink
        case (.rtp, .other), (.rtcp, .other):
            guard entry.passesNonRTP else { return drop(.notRTP, at: index) }
            sink = entry.component == .rtp ? entry.rtpSink : entry.rtcpSink
            confirms = false
        }

        switch slots[index].latch.received(from: source, confirms: confirms, at: now) {
        case .forward: break
        case .learned:
            if learned.count < Self.socketsPerRound {
                learned.append(SlotID(worker: number, index: UInt32(truncatingIfNeeded: index), generation: generation))
            }
        case .dropUnexpectedSource: return drop(.unexpectedSource, at: index)
        }
        counters.add(1, to: .packets, of: index)
        counters.add(length, to: .bytes, of: index)
        let sums = Self.dropSlot(capacity: slots.capacity)
        counters.add(1, to: Self.packetSumCell, of: sums)
        counters.add(length, to: Self.byteSumCell, of: sums)
        counters.set(now, in: .lastPacket, of: index)
        if case .rtp(let ssrc) = kind { counters.set(UInt64(ssrc) | 1 << 32, in: .ssrc, of: index) }

        if case .rtp = kind, !entry.forwards {
            return counters.add(1, to: DropReason.notForwarded.rawValue, of: sums)
        }
        guard let sink, slots.holds(Int(sink.index), generation: sink.generation),
            let destination = slots[Int(sink.index)].latch.target
        else { return drop(.noDestination, at: index) }
        guard buffer.send(from: slots[Int(sink.index)].socket, to: destination) else {
            return drop(.sendFailed, at: index)
        }
        counters.add(1, to: .packetsOut, of: Int(sink.index))
        counters.add(length, to: .bytesOut, of: Int(sink.index))
    }

    @inline(__always)
    private func drop(_ reason: DropReason, at index: Int) {
        counters.add(1, to: .errors, of: index)
        counters.add(1, to: reason.rawValue, of: Self.dropSlot(capacity: slots.capacity))
    }
}
