internal import WireFormat

/// What the packet loop needs of an RTP header, copied out of the datagram (RFC 3550 §5.1).
package struct RTPFields: Equatable, Sendable, BitwiseCopyable {
    package let ssrc: UInt32
    /// In units of the payload format's clock rate.
    package let timestamp: UInt32
    package let sequenceNumber: UInt16
    package let payloadType: UInt8

    package init(ssrc: UInt32, timestamp: UInt32, sequenceNumber: UInt16, payloadType: UInt8) {
        (self.ssrc, self.timestamp) = (ssrc, timestamp)
        (self.sequenceNumber, self.payloadType) = (sequenceNumber, payloadType)
    }

    /// `nil` if the datagram is not RTP.
    package init?(_ datagram: Span<UInt8>) {
        guard let header = RTPHeaderView(datagram) else { return nil }
        (ssrc, timestamp) = (header.ssrc, header.timestamp)
        (sequenceNumber, payloadType) = (header.sequenceNumber, header.payloadType)
    }
}
