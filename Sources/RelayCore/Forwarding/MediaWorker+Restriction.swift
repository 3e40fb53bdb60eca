internal import WireFormat

extension MediaWorker {
    /// Decides about a packet of a stream that is not simply passed on; may replace its payload by silence.
    ///
    /// - Complexity: O(length) for silence, otherwise O(1). Allocates nothing.
    mutating func admits(_ kind: PacketKind, to sink: SlotID?, by entry: ForwardingEntry) -> Bool {
        if entry.discards { return false }
        if entry.waitsForSink, let sink, slots.holds(Int(sink.index), generation: sink.generation),
            slots[Int(sink.index)].latch.source == nil
        {
            return false
        }
        if entry.component == .opaque { return entry.forwards && !entry.filter.blocksMedia }
        guard case .rtp = kind else { return true }
        guard entry.forwards, let payload = Self.payload(of: datagram) else { return false }
        switch entry.filter.verdict(on: payload.type) {
        case .forward: return true
        case .keepBack: return false
        case .silence(let octet):
            fill(from: payload.offset, with: octet)
            return true
        }
    }

    private static func payload(of datagram: Span<UInt8>) -> (type: UInt8, offset: Int)? {
        guard let header = RTPHeaderView(datagram) else { return nil }
        return (header.payloadType, header.payloadOffset)
    }

    /// The datagram in hand.
    var datagram: Span<UInt8> {
        @_lifetime(borrow self)
        get { isSteered ? steered.datagram : buffer.datagram }
    }

    /// Overwrites the end of the datagram in hand.
    private mutating func fill(from offset: Int, with octet: UInt8) {
        if isSteered { steered.fill(from: offset, with: octet) } else { buffer.fill(from: offset, with: octet) }
    }

    mutating func isLooping(_ index: Int, at now: UInt64) -> Bool {
        var detector = slots[index].loops
        let isLooping = detector.isLooping(datagram, at: now)
        slots[index].loops = detector
        return isLooping
    }
}
