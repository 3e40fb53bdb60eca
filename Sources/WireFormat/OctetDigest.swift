/// FNV-1a of 64 bits: tells octets apart, and protects against nobody who wants two to be the same.
///
/// Inlined, or each octet would be a call.
@frozen package struct OctetDigest: Sendable, BitwiseCopyable {
    @usableFromInline var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inlinable package var value: UInt64 { state }

    @inlinable package init() {}

    @inlinable package init(_ octets: Span<UInt8>) {
        for index in octets.indices { add(octets[index]) }
    }

    /// Goes on with the next octet.
    @inlinable package mutating func add(_ octet: UInt8) { state = (state ^ UInt64(octet)) &* 0x0000_0100_0000_01B3 }
}
