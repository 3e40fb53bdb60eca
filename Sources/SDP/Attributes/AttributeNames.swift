/// Finds the kind of an attribute by its name, in constant time and without building a string.
struct AttributeNames: Sendable {
    /// A name of at most 24 octets, zero-padded into three words: equal words are equal names.
    private struct Key: Equatable, Sendable, BitwiseCopyable {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        static let longest = 24

        mutating func append(_ byte: UInt8, at position: Int) {
            switch position >> 3 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            default: words.2 = words.2 << 8 | UInt64(byte)
            }
        }

        /// The names are fixed, so nobody can choose colliding ones: a multiplication is enough.
        var slot: Int {
            let mixed = (words.0 ^ words.1 << 1 ^ words.2 << 2) &* 0x9E37_79B9_7F4A_7C15
            return Int(truncatingIfNeeded: mixed >> 57)
        }

        static func == (left: Key, right: Key) -> Bool { left.words == right.words }
    }

    private struct Slot: Sendable, BitwiseCopyable {
        var key: Key
        var kind: AttributeKind
    }

    static let shared = AttributeNames()

    private static let slotCount = 128
    private var slots: [Slot?]

    private init() {
        slots = Array(repeating: nil, count: Self.slotCount)
        let kinds: [(String, AttributeKind)] = [
            ("rtpmap", .rtpmap), ("fmtp", .fmtp), ("rtcp-fb", .rtcpFeedback), ("mid", .mid), ("label", .label),
            ("group", .group), ("ptime", .ptime), ("maxptime", .maxptime), ("extmap", .extmap),
            ("extmap-allow-mixed", .extmapAllowMixed), ("rtcp", .rtcp), ("rtcp-mux", .rtcpMux),
            ("sendrecv", .sendrecv), ("sendonly", .sendonly), ("recvonly", .recvonly), ("inactive", .inactive),
            ("crypto", .crypto), ("setup", .setup), ("fingerprint", .fingerprint), ("tls-id", .tlsID),
            ("ice-ufrag", .iceUfrag), ("ice-pwd", .icePwd), ("ice-lite", .iceLite), ("ice-options", .iceOptions),
            ("ice-mismatch", .iceMismatch), ("candidate", .candidate), ("remote-candidates", .remoteCandidates),
            ("end-of-candidates", .endOfCandidates), ("rtpengine", .loopMarker),
        ]
        for (name, kind) in kinds {
            var key = Key()
            for (position, byte) in name.utf8.enumerated() { key.append(byte, at: position) }
            var slot = key.slot
            while slots[slot] != nil { slot = (slot + 1) % Self.slotCount }
            slots[slot] = Slot(key: key, kind: kind)
        }
    }

    /// The kind of the attribute whose name is `range` of `text`; names are case-sensitive (RFC 8866 §5.13).
    func kind(of range: TextRange, in text: Span<UInt8>) -> AttributeKind {
        guard range.count <= Key.longest else { return .other }
        var key = Key()
        let start = range.indices.lowerBound
        for position in 0..<range.count { key.append(text[start + position], at: position) }
        var slot = key.slot
        while let candidate = slots[slot] {  // ends: most slots are empty
            if candidate.key == key { return candidate.kind }
            slot = (slot + 1) % Self.slotCount
        }
        return text.hasPrefix("T38", at: range) ? .t38 : .other
    }
}
