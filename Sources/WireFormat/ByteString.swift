/// Bytes that a peer chose and that we hand back unchanged: call-ids, tags, branches, labels.
///
/// SIP allows any octet there, so these are compared as bytes, never as Unicode text.
public struct ByteString: Hashable, Sendable {
    /// The octets, exactly as they came.
    public var bytes: [UInt8]

    /// Wraps octets without looking at them.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The UTF-8 form of a text.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Copies a borrowed piece of a message.
    package init(_ span: Span<UInt8>) { bytes = Array(copying: span) }

    /// True when there is not a single octet.
    public var isEmpty: Bool { bytes.isEmpty }

    /// The number of octets.
    public var count: Int { bytes.count }
}

extension ByteString {
    /// Eight octets at a time: an array would hash them one by one, and Call-IDs are looked up all the time.
    public func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        for index in bytes.indices {
            word = word << 8 | UInt64(bytes[index])
            if index & 7 == 7 { hasher.combine(word) }
        }
        hasher.combine(word)  // up to seven octets are left; the count tells how many
        hasher.combine(bytes.count)
    }
}

extension ByteString: ExpressibleByStringLiteral {
    /// The UTF-8 form of a literal.
    public init(stringLiteral value: String) { self.init(value) }
}

extension ByteString: CustomStringConvertible {
    /// The octets read as UTF-8, for people and logs; what is not UTF-8 shows as U+FFFD.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension ByteString: Comparable {
    /// Orders by octets.
    public static func < (left: ByteString, right: ByteString) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
