internal import Synchronization
package import WireFormat

/// How far one stream of RTP has come at one of our ports. Readings of the same port on several relays can be compared.
package struct StreamReading: Equatable, Sendable, BitwiseCopyable {
    /// Our RTP port.
    package var port: UInt16
    package var ssrc: UInt32
    /// The highest so far (RFC 3550 §5.1).
    package var sequenceNumber: UInt16
    /// RTP packets that have arrived, duplicates left out as far as they are known. Only differences mean anything.
    package var packets: UInt64
    /// Monotonic time of the last packet, in nanoseconds; 0 where it was read on another host.
    package var lastPacket: UInt64

    package init(port: UInt16, ssrc: UInt32, sequenceNumber: UInt16, packets: UInt64, lastPacket: UInt64 = 0) {
        (self.port, self.ssrc, self.sequenceNumber) = (port, ssrc, sequenceNumber)
        (self.packets, self.lastPacket) = (packets, lastPacket)
    }

    /// `nil` when no RTP has arrived.
    init?(port: UInt16, _ counters: StreamCounters) {
        guard let ssrc = counters.ssrc, counters.packets > counters.otherPackets else { return nil }
        let isFromKernel = counters.lastKernelPacket > counters.lastUserPacket
        let kernel = counters.reception.flatMap { isFromKernel ? $0.highestSequence : nil }
        let highest = kernel ?? counters.quality?.lastSequence ?? 0
        let duplicates =
            UInt64(counters.quality?.duplicates ?? 0)
            + UInt64(counters.reception.flatMap { $0.ssrc == ssrc ? $0.duplicates : nil } ?? 0)
        self.init(
            port: port, ssrc: ssrc, sequenceNumber: UInt16(truncatingIfNeeded: highest),
            packets: counters.packets &- counters.otherPackets &- duplicates,
            lastPacket: counters.lastPacket)
    }
}

/// Reads the RTP streams of one address, each at a moment when no packet of it is being counted.
package struct StreamReader: Sendable {
    /// A stream at rest for so long has been counted whole, in nanoseconds.
    private static let rest: UInt64 = 5_000_000
    /// Streams that never rest are read as they are after so many passes: they may be a packet off.
    private static let mostPasses = 40

    private let plane: any ForwardingPlane
    private var waiting: [(port: UInt16, slot: SlotID)]
    private var passes = 0
    package private(set) var readings: [StreamReading] = []

    init(_ plane: any ForwardingPlane, _ streams: [(port: UInt16, slot: SlotID)]) {
        (self.plane, waiting) = (plane, streams)
    }

    /// Reads what has not been read yet; to be repeated after a few milliseconds until it says that nothing is left.
    package mutating func pass() -> Bool {
        passes += 1
        let isLast = passes >= Self.mostPasses
        var left: [(port: UInt16, slot: SlotID)] = []
        for stream in waiting {
            let counters = plane.counters(of: stream.slot)
            guard isLast || SystemClock.monotonic &- counters.lastPacket >= Self.rest else {
                left.append(stream)
                continue
            }
            if let reading = StreamReading(port: stream.port, counters) { readings.append(reading) }
        }
        waiting = left
        return left.isEmpty
    }
}

extension Relay {
    /// Reads the RTP streams that arrive at an address, those of the lowest ports when there are more than `limit`.
    package func reader(at address: IPAddress, limit: Int) -> StreamReader {
        let streams = portsInUse(at: address).map { (port: $0.port, slot: $0.slot) }
        return StreamReader(plane, Array(streams.prefix(limit)))
    }

    /// The RTP ports of an address that calls have, in their order, and whose each is.
    package func callIDsByPort(at address: IPAddress) -> [UInt16: ByteString] {
        Dictionary(portsInUse(at: address).map { ($0.port, $0.callID) }) { first, _ in first }
    }

    private func portsInUse(at address: IPAddress) -> [(port: UInt16, slot: SlotID, callID: ByteString)] {
        calls.withLock { Array($0.values) }.flatMap { call in
            call.state.withLock { $0.hasEnded ? [] : $0.ports }
                .filter { $0.isRTP && $0.pair.address == address }
                .map { (port: $0.pair.port, slot: $0.rtp.slot, callID: call.id) }
        }.sorted { $0.port < $1.port }
    }
}
