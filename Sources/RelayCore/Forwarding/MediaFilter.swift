/// What is kept back of one side's media, packet by packet: `block media`, `silence media`, `block DTMF`.
package struct MediaFilter: Hashable, Sendable, BitwiseCopyable {
    /// What becomes of one RTP packet.
    package enum Verdict: Equatable, Sendable {
        case forward
        /// Forward it with every octet of its payload replaced by this one.
        case silence(UInt8)
        case keepBack
    }

    /// All RTP but DTMF events is kept back.
    package var blocksMedia = false
    /// Speech is replaced by silence; what we cannot write silence for is kept back.
    package var silencesMedia = false
    /// DTMF events (RFC 4733) are kept back.
    package var blocksDTMF = false
    /// Bit *n* is set when payload type *n* is `telephone-event`.
    package var telephoneEvents: UInt128 = 0

    package init() {}

    /// True when nothing is kept back.
    package var isEmpty: Bool { !blocksMedia && !silencesMedia && !blocksDTMF }

    /// - Complexity: O(1). Allocates nothing.
    package func verdict(on payloadType: UInt8) -> Verdict {
        if payloadType < 128, telephoneEvents & 1 << UInt128(payloadType) != 0 {
            return blocksDTMF ? .keepBack : .forward
        }
        if blocksMedia { return .keepBack }
        guard silencesMedia else { return .forward }
        return Self.silence(in: payloadType).map { .silence($0) } ?? .keepBack
    }

    /// The octet that is silence in a static payload type (RFC 3551 §6) that has one.
    private static func silence(in payloadType: UInt8) -> UInt8? {
        switch payloadType {
        case 0: 0xFF  // PCMU, ITU-T G.711 µ-law: positive zero
        case 8: 0xD5  // PCMA, ITU-T G.711 A-law: the smallest positive value
        case 9: 0xFA  // G722: both sub-bands at their smallest step
        default: nil
        }
    }
}
