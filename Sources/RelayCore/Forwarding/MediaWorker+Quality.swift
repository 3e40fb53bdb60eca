internal import WireFormat

extension MediaWorker {
    /// Lets the quality measurement see a packet that has been accepted, and publishes what is new.
    ///
    /// - Complexity: O(1). Allocates nothing, takes no lock, writes no log.
    mutating func measure(_ kind: PacketKind, of index: Int, _ entry: ForwardingEntry, at now: UInt64) {
        switch kind {
        case .rtp where entry.component != .opaque: measureRTP(index, entry, at: now)
        // What SRTCP says is encrypted.
        case .rtcp where entry.component != .opaque && !entry.passesNonRTP:
            measureRTCP(index, entry, RTCPDigest(datagram), at: now)
        default: break
        }
    }

    private mutating func measureRTP(_ index: Int, _ entry: ForwardingEntry, at now: UInt64) {
        guard let packet = RTPFields(datagram) else { return }
        let hasChanged = slots[index].quality.received(packet, clockRate: entry.clockRate, at: now)
        counters.publish(slots[index].quality, of: index)
        if hasChanged { counters.publish(slots[index].quality.summary, of: index) }
    }

    /// Takes note of what another plane has counted of a stream's RTP.
    mutating func observe(_ reception: RTPReception, of index: Int, at now: UInt64) {
        let hasSample = slots[index].quality.observed(reception, clockRate: slots[index].entry.clockRate, at: now)
        counters.set(UInt64(reception.ssrc) | 1 << 32, in: .ssrc, of: index)
        counters.publish(slots[index].quality, of: index)
        if hasSample { counters.publish(slots[index].quality.summary, of: index) }
    }

    /// Takes note of RTCP that another plane has forwarded.
    mutating func read(_ digest: RTCPDigest, at index: Int, at now: UInt64) {
        let entry = slots[index].entry
        guard entry.component != .opaque, !entry.passesNonRTP else { return }
        measureRTCP(index, entry, digest, at: now)
    }

    private mutating func measureRTCP(
        _ index: Int, _ entry: ForwardingEntry, _ digest: RTCPDigest, at now: UInt64
    ) {
        guard let far = entry.rtpSink, slots.holds(Int(far.index), generation: far.generation),
            let near = slots[Int(far.index)].entry.rtpSink, slots.holds(Int(near.index), generation: near.generation)
        else { return }
        let (heard, own) = (Int(far.index), Int(near.index))
        if let report = digest.senderReport { slots[own].quality.sent(report, at: now) }
        if let metrics = digest.voipMetrics { slots[heard].quality.reported(metrics) }
        for number in 0..<digest.blockCount {
            let leg = slots[heard].quality.reported(
                digest[number], clockRate: slots[heard].entry.clockRate,
                farLeg: slots[heard].quality.legRoundTripTime, at: now)
            guard let leg else { continue }
            slots[own].quality.learned(legRoundTripTime: leg)
            counters.publish(slots[heard].quality.summary, of: heard)
        }
    }
}
