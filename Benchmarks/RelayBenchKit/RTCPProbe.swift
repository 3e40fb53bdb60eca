internal import WireFormat

/// The RTCP packet that the generator sends: a sender report and a CNAME, as telephones do (RFC 3550 §6.4.1, §6.5).
package struct RTCPProbe: Equatable, Sendable, BitwiseCopyable {
    /// Octets of the whole compound packet.
    package static let length = reportLength + descriptionLength

    private static let reportLength = 28
    private static let descriptionLength = 24
    private static let senderReport: UInt8 = 200
    private static let sourceDescription: UInt8 = 202
    private static let cname = Array("relay-bench".utf8)
    private static let payloadPerPacket: UInt32 = 160
    /// Seconds from 1900, where NTP counts from, to 1970.
    private static let ntpOffset: UInt64 = 2_208_988_800

    package var ssrc: UInt32
    /// RTP packets sent so far; different in each report, so it also numbers them.
    package var packets: UInt32
    /// When the report leaves, in nanoseconds of the real-time clock.
    package var sentAt: UInt64

    package init(ssrc: UInt32, packets: UInt32, sentAt: UInt64) {
        (self.ssrc, self.packets, self.sentAt) = (ssrc, packets, sentAt)
    }

    /// Writes the packet; `datagram` has `length` octets.
    package func write(to datagram: inout MutableSpan<UInt8>) {
        for index in datagram.indices { datagram[index] = 0 }
        datagram[0] = 0x80
        datagram[1] = Self.senderReport
        datagram.store(UInt16(Self.reportLength / 4 - 1), at: 2)
        datagram.store(ssrc, at: 4)
        datagram.store(UInt32(truncatingIfNeeded: sentAt / 1_000_000_000 + Self.ntpOffset), at: 8)
        datagram.store(UInt32(truncatingIfNeeded: (sentAt % 1_000_000_000) << 32 / 1_000_000_000), at: 12)
        datagram.store(packets &* Self.payloadPerPacket, at: 16)  // RTP timestamp: 8000 Hz, 160 samples a packet
        datagram.store(packets, at: 20)
        datagram.store(packets &* Self.payloadPerPacket, at: 24)
        let description = Self.reportLength
        datagram[description] = 0x81  // one source
        datagram[description + 1] = Self.sourceDescription
        datagram.store(UInt16(Self.descriptionLength / 4 - 1), at: description + 2)
        datagram.store(ssrc, at: description + 4)
        datagram[description + 8] = 1  // CNAME
        datagram[description + 9] = UInt8(Self.cname.count)
        for (index, octet) in Self.cname.enumerated() { datagram[description + 10 + index] = octet }
    }

    /// Reads SSRC and packet count of a sender report back; `nil` if it is none. Relays may rewrite the clock fields.
    package init?(_ datagram: Span<UInt8>) {
        guard datagram.count >= Self.reportLength, datagram[0] >> 6 == 2, datagram[1] == Self.senderReport,
            let ssrc: UInt32 = datagram.bigEndian(at: 4), let packets: UInt32 = datagram.bigEndian(at: 20)
        else { return nil }
        self.init(ssrc: ssrc, packets: packets, sentAt: 0)
    }
}
