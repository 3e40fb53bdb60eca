/// FNV-1a of 64 bits: tells octets apart, and protects against nobody who wants two to be the same.
package struct OctetDigest: Sendable, BitwiseCopyable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package init(_ octets: Span<UInt8>) {
        self.init()
        for index in octets.indices { add(octets[index]) }
    }

    /// Goes on with the next octet.
    package mutating func add(_ octet: UInt8) { value = (value ^ UInt64(octet)) &* 0x0000_0100_0000_01B3 }
}
