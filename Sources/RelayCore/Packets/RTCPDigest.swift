internal import WireFormat

/// What quality is measured by in a compound RTCP packet (RFC 3550 §6), copied out of the datagram.
package struct RTCPDigest: Sendable, BitwiseCopyable {
    /// One report block: how a receiver hears one source (RFC 3550 §6.4.1).
    package struct ReportBlock: Equatable, Sendable, BitwiseCopyable {
        /// Whom the block is about.
        package var ssrc: UInt32 = 0
        /// Of the packets since the report before, in 1/256.
        package var fractionLost: UInt8 = 0
        /// Since the source was first heard; duplicates make it smaller, even negative.
        package var cumulativeLost: Int32 = 0
        /// In units of the payload format's clock rate.
        package var jitter: UInt32 = 0
        /// The middle 32 bits of the NTP time of the sender report that was heard last; 0 for none.
        package var lastSenderReport: UInt32 = 0
        /// Since it was heard, in 1/65536 s.
        package var delaySinceLastSenderReport: UInt32 = 0

        package init() {}
    }

    /// How a receiver hears one source, by an extended report (RFC 3611 §4.7).
    package struct VoIPMetrics: Equatable, Sendable, BitwiseCopyable {
        /// Whom the block is about.
        package let ssrc: UInt32
        /// From one end of the call to the other and back, in milliseconds; 0 when unknown.
        package let roundTripDelay: UInt16
    }

    /// Blocks that are looked at: a telephone call has one source on each side, and video calls a few.
    private static let capacity = 4
    /// Packets in one compound packet that are looked at.
    private static let packetLimit = 8
    /// RFC 3611 §4.7.
    private static let voipMetricsBlock: UInt8 = 7

    /// Who sent a sender report, and the middle 32 bits of the NTP time in it; `nil` when there is none.
    package private(set) var senderReport: (ssrc: UInt32, time: UInt32)?
    /// The first block of VoIP metrics; `nil` when there is none.
    package private(set) var voipMetrics: VoIPMetrics?
    private var blocks = InlineArray<4, ReportBlock>(repeating: ReportBlock())
    package private(set) var blockCount = 0

    package subscript(block: Int) -> ReportBlock { blocks[block] }

    /// Reads what can be read; whatever is cut short or makes no sense ends it.
    package init(_ datagram: Span<UInt8>) {
        var offset = 0
        for _ in 0..<Self.packetLimit {
            guard let words: UInt16 = datagram.bigEndian(at: offset + 2), datagram[offset] >> 6 == 2 else { return }
            let end = offset + 4 + 4 * Int(words)
            guard end <= datagram.count else { return }
            let packet = datagram.extracting(offset..<end)
            switch packet[1] {
            case 200:
                if let ssrc: UInt32 = packet.bigEndian(at: 4), let time: UInt32 = packet.bigEndian(at: 10) {
                    senderReport = (ssrc, time)
                }
                readBlocks(packet, from: 28)
            case 201: readBlocks(packet, from: 8)
            case 207: readExtended(packet)
            default: break
            }
            offset = end
        }
    }

    /// Blocks of an extended report, each with its type and its length in words (RFC 3611 §3).
    private mutating func readExtended(_ packet: Span<UInt8>) {
        var offset = 8
        for _ in 0..<Self.packetLimit {
            guard let words: UInt16 = packet.bigEndian(at: offset + 2) else { return }
            let end = offset + 4 + 4 * Int(words)
            guard end <= packet.count else { return }
            if packet[offset] == Self.voipMetricsBlock, voipMetrics == nil,
                let ssrc: UInt32 = packet.bigEndian(at: offset + 4),
                let delay: UInt16 = packet.bigEndian(at: offset + 16), end >= offset + 18
            {
                voipMetrics = VoIPMetrics(ssrc: ssrc, roundTripDelay: delay)
            }
            offset = end
        }
    }

    private mutating func readBlocks(_ packet: Span<UInt8>, from start: Int) {
        for index in 0..<Int(packet[0] & 0x1F) where blockCount < Self.capacity {
            let offset = start + 24 * index
            guard let ssrc: UInt32 = packet.bigEndian(at: offset), let lost: UInt32 = packet.bigEndian(at: offset + 4),
                let jitter: UInt32 = packet.bigEndian(at: offset + 12),
                let last: UInt32 = packet.bigEndian(at: offset + 16),
                let delay: UInt32 = packet.bigEndian(at: offset + 20)
            else { return }
            var block = ReportBlock()
            (block.ssrc, block.fractionLost) = (ssrc, UInt8(lost >> 24))
            block.cumulativeLost = Int32(bitPattern: lost << 8) >> 8  // 24 bits with a sign
            (block.jitter, block.lastSenderReport, block.delaySinceLastSenderReport) = (jitter, last, delay)
            blocks[blockCount] = block
            blockCount += 1
        }
    }
}
