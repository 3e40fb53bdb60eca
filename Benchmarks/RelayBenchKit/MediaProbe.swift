internal import WireFormat

/// The RTP packet that the generator sends: 12 octets of header (RFC 3550 §5.1) and 160 of payload, which is 20 ms of
/// G.711. The payload starts with what the generator wants back; the rest is A-law silence.
///
/// A relay that transcodes or changes SSRCs is not what this measures: both come back as `nil` from `init(_:run:)`.
package struct MediaProbe: Equatable, Sendable, BitwiseCopyable {
    /// Octets of the whole packet.
    package static let length = 172
    /// Flows that an SSRC can tell apart.
    package static let maximumFlows = 1 << flowBits

    private static let flowBits: UInt32 = 20
    private static let payloadType: UInt8 = 8  // PCMA, RFC 3551 §6
    private static let samplesPerPacket: UInt32 = 160
    private static let silence: UInt8 = 0xD5

    /// Tells runs of the generator apart: the upper 12 bits of the SSRC.
    package var run: UInt16
    package var flow: UInt32
    /// Number of the packet in its flow, from 0; the RTP sequence number is its lower half.
    package var number: UInt32
    /// Warm-up and measurement are different phases; each counts from its own number 0.
    package var phase: UInt8
    /// When the packet left, in nanoseconds of the real-time clock.
    package var sentAt: UInt64

    package init(run: UInt16, flow: UInt32, number: UInt32, phase: UInt8, sentAt: UInt64) {
        self.run = run & 0xFFF
        (self.flow, self.number, self.phase, self.sentAt) = (flow, number, phase, sentAt)
    }

    /// Run and flow in one number (RFC 3550 §5.1).
    package var ssrc: UInt32 { UInt32(run) << Self.flowBits | flow & (1 << Self.flowBits - 1) }

    /// Writes the octets that are the same in every packet. `datagram` has `length` octets.
    package static func prepare(_ datagram: inout MutableSpan<UInt8>) {
        for index in datagram.indices { datagram[index] = silence }
        datagram[0] = 0x80  // version 2, no padding, no extension, no CSRC
        datagram[1] = payloadType
    }

    /// Writes the others into a prepared datagram.
    package func write(to datagram: inout MutableSpan<UInt8>) {
        datagram.store(UInt16(truncatingIfNeeded: number), at: 2)
        datagram.store(number &* Self.samplesPerPacket, at: 4)
        datagram.store(ssrc, at: 8)
        datagram.store(sentAt, at: 12)
        datagram.store(number, at: 20)
        datagram[24] = phase
    }

    /// Reads a packet back; `nil` if it is not one of this run's, or not as it was sent.
    package init?(_ datagram: Span<UInt8>, run: UInt16) {
        guard datagram.count == Self.length, datagram[0] == 0x80, datagram[1] & 0x7F == Self.payloadType,
            let sequence: UInt16 = datagram.bigEndian(at: 2), let ssrc: UInt32 = datagram.bigEndian(at: 8),
            let sentAt: UInt64 = datagram.bigEndian(at: 12), let number: UInt32 = datagram.bigEndian(at: 20),
            ssrc >> Self.flowBits == run & 0xFFF, sequence == UInt16(truncatingIfNeeded: number)
        else { return nil }
        self.init(
            run: run, flow: ssrc & (1 << Self.flowBits - 1), number: number, phase: datagram[24], sentAt: sentAt)
    }
}

extension MutableSpan<UInt8> {
    /// Writes an unsigned integer in network byte order; the caller knows that it fits.
    package mutating func store<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value, at offset: Int) {
        let size = Value.bitWidth / 8
        for index in 0..<size {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> Value(8 * (size - 1 - index)))
        }
    }
}
