internal import WireFormat

/// What a datagram on a media port is, by its first two octets (RFC 5761 §4, RFC 7983 §7).
package enum PacketKind: Equatable, Sendable {
    /// RTP, with its SSRC.
    case rtp(ssrc: UInt32)
    case rtcp
    /// STUN, DTLS, T.38, keep-alives, noise.
    case other

    package init(_ datagram: Span<UInt8>) {
        guard datagram.count >= 8, datagram[0] >> 6 == 2 else {
            self = .other
            return
        }
        if 192...223 ~= datagram[1] {  // RFC 5761 §4: RTCP packet types; 64-95 as payload type are never used for RTP
            self = .rtcp
        } else if let header = RTPHeaderView(datagram) {
            self = .rtp(ssrc: header.ssrc)
        } else {
            self = .other
        }
    }
}
