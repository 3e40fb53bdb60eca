/// What one local port has received and sent so far.
public struct StreamCounters: Hashable, Sendable {
    /// Datagrams from the endpoint, whether or not they were forwarded; without those that overload did not let through.
    public var packets: UInt64 = 0
    /// Their UDP payloads (RTP header included), in octets.
    public var bytes: UInt64 = 0
    /// Those of them that are not RTP: RTCP, STUN and DTLS on a port that they share with RTP.
    public var otherPackets: UInt64 = 0
    /// Datagrams that were dropped: not RTP, from an unexpected source, refused by the kernel on the way out, or too old by
    /// the time they were read.
    public var errors: UInt64 = 0
    /// Datagrams sent to the endpoint.
    public var packetsOut: UInt64 = 0
    /// Their UDP payloads, in octets.
    public var bytesOut: UInt64 = 0
    /// Monotonic time of the last datagram from the endpoint, in nanoseconds; 0 before the first.
    public var lastPacket: UInt64 = 0
    /// SSRC of the last RTP packet (RFC 3550 §5.1); `nil` before the first.
    public var ssrc: UInt32?
    /// The kernel forwards this stream's packets now.
    public var isKernelized = false
    /// As `lastPacket`, of those that the kernel has forwarded.
    public var lastKernelPacket: UInt64 = 0
    /// As `lastPacket`, of those that came to user space.
    public var lastUserPacket: UInt64 = 0
    /// What the kernel has measured of the stream's RTP; `nil` when it has seen none.
    public var reception: RTPReception?
    /// How well the source is heard; `nil` before its first packet, and in sums.
    public var quality: SourceQuality?

    /// Nothing received, nothing sent.
    public init() {}

    /// Sums over several ports; `lastPacket` is the latest, `ssrc` the first known.
    public static func += (sum: inout StreamCounters, other: StreamCounters) {
        sum.packets &+= other.packets
        sum.bytes &+= other.bytes
        sum.otherPackets &+= other.otherPackets
        sum.errors &+= other.errors
        sum.packetsOut &+= other.packetsOut
        sum.bytesOut &+= other.bytesOut
        sum.lastPacket = max(sum.lastPacket, other.lastPacket)
        sum.ssrc = sum.ssrc ?? other.ssrc
        sum.isKernelized = sum.isKernelized || other.isKernelized
        sum.lastKernelPacket = max(sum.lastKernelPacket, other.lastKernelPacket)
        sum.lastUserPacket = max(sum.lastUserPacket, other.lastUserPacket)
        sum.quality = nil
    }
}

/// How one source's RTP has arrived (RFC 3550 §6.4.1).
public struct RTPReception: Hashable, Sendable {
    /// The source.
    public let ssrc: UInt32
    /// Packets that have arrived.
    public let received: UInt32
    /// Packets that did not reach us.
    public let lost: Int32
    /// Packets that came twice.
    public let duplicates: UInt16
    /// Packets that came late.
    public let reordered: UInt16
    /// Holes in the sequence.
    public let gaps: UInt16
    /// How often the sequence has started anew.
    public let restarts: UInt16
    /// The highest sequence number, with the number of its cycles above it.
    public let highestSequence: UInt32
    /// Mean deviation of the packet spacing, in timestamp units.
    public let jitter: UInt32
    /// Timestamp of the last packet that was not late.
    public let lastTimestamp: UInt32

    package init(
        ssrc: UInt32, received: UInt32, lost: Int32, duplicates: UInt16 = 0, reordered: UInt16 = 0, gaps: UInt16 = 0,
        restarts: UInt16 = 0, highestSequence: UInt32, jitter: UInt32, lastTimestamp: UInt32
    ) {
        (self.ssrc, self.received, self.lost) = (ssrc, received, lost)
        (self.duplicates, self.reordered, self.gaps, self.restarts) = (duplicates, reordered, gaps, restarts)
        (self.highestSequence, self.jitter, self.lastTimestamp) = (highestSequence, jitter, lastTimestamp)
    }
}
