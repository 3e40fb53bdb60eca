internal import WireFormat

/// Notices packets that come round and round: two relays whose addresses were signalled to each other.
///
/// A packet that has gone round is the same to the last bit, so a few of the last ones are remembered by their length and
/// first octets. Real media never repeats itself that often within a second.
package struct LoopDetector: Sendable, BitwiseCopyable {
    /// RTP header, one CSRC and the first samples: no two packets of a real stream agree in them.
    private static let comparedLength = 28
    /// Repetitions that are let pass: a duplicating network is no loop.
    private static let limit = 30
    /// How long a packet is remembered, in nanoseconds.
    private static let memory: UInt64 = 1_000_000_000

    private var recent: (UInt64, UInt64) = (0, 0)
    private var seenAt: (UInt64, UInt64) = (0, 0)
    private var repetitions = 0

    package init() {}

    /// True for a packet that has come round too often.
    ///
    /// - Complexity: O(1). Allocates nothing.
    package mutating func isLooping(_ datagram: Span<UInt8>, at now: UInt64) -> Bool {
        let digest = OctetDigest(datagram.extracting(first: Self.comparedLength)).value ^ UInt64(datagram.count)
        if digest == recent.0, now &- seenAt.0 < Self.memory {
            seenAt.0 = now
        } else if digest == recent.1, now &- seenAt.1 < Self.memory {
            seenAt.1 = now
        } else {
            (recent, seenAt) = ((digest, recent.0), (now, seenAt.0))
            repetitions = 0
            return false
        }
        repetitions = min(repetitions + 1, Self.limit + 1)
        return repetitions > Self.limit
    }
}
