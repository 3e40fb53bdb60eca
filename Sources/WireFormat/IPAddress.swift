/// An IPv4 or IPv6 address, without port or scope.
///
/// Equal values are equal addresses; an IPv4-mapped IPv6 address is not equal to its IPv4 form.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// IPv4 or IPv6.
    public let family: AddressFamily
    /// The first eight octets of an IPv6 address as one big-endian number; 0 for IPv4.
    package let high: UInt64
    /// The last eight octets as one big-endian number; an IPv4 address is in the lower 32 bits.
    package let low: UInt64

    /// An IPv4 address from its 32 bits, the first octet being the most significant.
    public init(ipv4 bits: UInt32) { (family, high, low) = (.ipv4, 0, UInt64(bits)) }

    /// An IPv6 address from its two halves, each with the first octet most significant.
    public init(ipv6High high: UInt64, low: UInt64) { (family, self.high, self.low) = (.ipv6, high, low) }

    /// `0.0.0.0` or `::`.
    public static func unspecified(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6High: 0, low: 0)
    }

    /// True for `0.0.0.0` and `::`.
    public var isUnspecified: Bool { high == 0 && low == 0 }

    /// True for 127.0.0.0/8 and `::1`.
    public var isLoopback: Bool {
        family == .ipv4 ? low >> 24 == 127 : high == 0 && low == 1
    }

    /// True for 169.254.0.0/16 and fe80::/10: an address that means something on one link only.
    public var isLinkLocal: Bool {
        family == .ipv4 ? low >> 16 == 0xA9FE : high >> 54 == 0xFE80 >> 6
    }

    /// True for 224.0.0.0/4 and ff00::/8: never a peer to relay to.
    public var isMulticast: Bool {
        family == .ipv4 ? low >> 28 == 0xE : high >> 56 == 0xFF
    }
}

extension IPAddress {
    /// Parses a literal: dotted decimal for IPv4, RFC 4291 §2.2 for IPv6. No brackets, no scope, no name.
    public init?(_ text: some StringProtocol) {
        let bytes = ByteString(String(text))
        self.init(bytes.bytes.span)
    }

    /// Parses a literal from the bytes of a message.
    package init?(_ text: Span<UInt8>) {
        // The longest literal is 45 octets (RFC 4291 §2.2, form 3).
        guard text.count >= 2, text.count <= 45 else { return nil }
        for index in text.indices where text[index] == UInt8(ascii: ":") {
            self.init(parsingIPv6: text)
            return
        }
        guard let bits = Self.dottedDecimal(text, from: 0) else { return nil }
        self.init(ipv4: bits)
    }

    /// Four decimal octets without leading zeros, from `start` to the end.
    private static func dottedDecimal(_ text: Span<UInt8>, from start: Int) -> UInt32? {
        var (bits, octet, digits, dots): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
        for index in start..<text.count {
            switch text[index] {
            case UInt8(ascii: "."):
                guard digits > 0, dots < 3 else { return nil }
                bits = bits << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
            case let digit where digit >= UInt8(ascii: "0") && digit <= UInt8(ascii: "9"):
                guard digits < 3, digits == 0 || octet > 0 else { return nil }
                octet = octet * 10 + UInt32(digit - UInt8(ascii: "0"))
                guard octet <= 255 else { return nil }
                digits += 1
            default: return nil
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return bits << 8 | octet
    }

    /// Up to eight groups of hexadecimal digits, one `::`, and perhaps an IPv4 tail.
    private init?(parsingIPv6 text: Span<UInt8>) {
        var groups: [UInt16] = []
        groups.reserveCapacity(8)
        var gap: Int?
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: ":") {
                guard index + 1 < text.count, text[index + 1] == UInt8(ascii: ":"), gap == nil else { return nil }
                gap = groups.count
                index += 2
                if index == text.count { break }
            }
            let start = index
            var group: UInt32 = 0
            while index < text.count, let digit = Self.hexadecimal(text[index]) {
                group = group << 4 | digit
                index += 1
                guard index - start <= 4 else { return nil }
            }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                guard let bits = Self.dottedDecimal(text, from: start), groups.count <= 6 else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
                index = text.count
                break
            }
            guard index > start, groups.count < 8 else { return nil }
            groups.append(UInt16(group))
            guard index < text.count else { break }
            guard text[index] == UInt8(ascii: ":") else { return nil }
            // A single colon separates; a double one is looked at in the next turn. A trailing single one is wrong.
            if index + 1 < text.count, text[index + 1] == UInt8(ascii: ":") { continue }
            index += 1
            guard index < text.count else { return nil }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let halves = (groups[..<4], groups[4...])
        self.init(
            ipv6High: halves.0.reduce(0) { $0 << 16 | UInt64($1) }, low: halves.1.reduce(0) { $0 << 16 | UInt64($1) })
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the canonical IPv6 text of RFC 5952.
    public var description: String {
        if family == .ipv4 {
            return "\(low >> 24 & 0xFF).\(low >> 16 & 0xFF).\(low >> 8 & 0xFF).\(low & 0xFF)"
        }
        if high == 0, low >> 32 == 0xFFFF {  // RFC 5952 §5: IPv4-mapped in mixed notation
            return "::ffff:\(IPAddress(ipv4: UInt32(truncatingIfNeeded: low)))"
        }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)))
        }
        // RFC 5952 §4.2: the longest run of zero groups, at least two, the first of equals.
        var (best, run) = (0..<0, 0..<0)
        for index in 0..<8 {
            run = groups[index] == 0 ? (run.isEmpty ? index..<index + 1 : run.lowerBound..<index + 1) : 0..<0
            if run.count > best.count { best = run }
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.count < 2 ? text(0..<8) : "\(text(0..<best.lowerBound))::\(text(best.upperBound..<8))"
    }
}
