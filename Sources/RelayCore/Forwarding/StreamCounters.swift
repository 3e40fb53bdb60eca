/// What one local port has received and sent so far.
public struct StreamCounters: Hashable, Sendable {
    /// Datagrams from the endpoint, whether or not they were forwarded.
    public var packets: UInt64 = 0
    /// Their UDP payloads (RTP header included), in octets.
    public var bytes: UInt64 = 0
    /// Datagrams that were dropped: not RTP, from an unexpected source, or refused by the kernel on the way out.
    public var errors: UInt64 = 0
    /// Datagrams sent to the endpoint.
    public var packetsOut: UInt64 = 0
    /// Their UDP payloads, in octets.
    public var bytesOut: UInt64 = 0
    /// Monotonic time of the last datagram from the endpoint, in nanoseconds; 0 before the first.
    public var lastPacket: UInt64 = 0
    /// SSRC of the last RTP packet (RFC 3550 §5.1); `nil` before the first.
    public var ssrc: UInt32?

    /// Nothing received, nothing sent.
    public init() {}

    /// Sums over several ports; `lastPacket` is the latest, `ssrc` the first known.
    public static func += (sum: inout StreamCounters, other: StreamCounters) {
        sum.packets += other.packets
        sum.bytes += other.bytes
        sum.errors += other.errors
        sum.packetsOut += other.packetsOut
        sum.bytesOut += other.bytesOut
        sum.lastPacket = max(sum.lastPacket, other.lastPacket)
        sum.ssrc = sum.ssrc ?? other.ssrc
    }
}
