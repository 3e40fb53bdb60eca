internal import WireFormat

/// A borrowed view of an RTP header (RFC 3550 §5.1); `nil` if the datagram is not RTP. Fields are in host byte order.
package struct RTPHeaderView: ~Escapable {
    private let datagram: Span<UInt8>
    /// First octet of the payload: 12 + 4 × CC, plus the header extension if X is set.
    package let payloadOffset: Int

    @_lifetime(copy datagram)
    package init?(_ datagram: Span<UInt8>) {
        guard datagram.count >= 12, datagram[0] >> 6 == 2 else { return nil }
        var end = 12 + 4 * Int(datagram[0] & 0x0F)
        if datagram[0] & 0x10 != 0 {  // X bit, §5.3.1
            guard let words: UInt16 = datagram.bigEndian(at: end + 2) else { return nil }
            end += 4 + 4 * Int(words)
        }
        guard end <= datagram.count else { return nil }
        (self.datagram, payloadOffset) = (datagram, end)
    }

    package var marker: Bool { datagram[1] & 0x80 != 0 }
    package var payloadType: UInt8 { datagram[1] & 0x7F }
    // `!` below: the initialiser proved 12 octets.
    package var sequenceNumber: UInt16 { datagram.bigEndian(at: 2)! }
    /// In units of the payload format's clock rate.
    package var timestamp: UInt32 { datagram.bigEndian(at: 4)! }
    package var ssrc: UInt32 { datagram.bigEndian(at: 8)! }
}
