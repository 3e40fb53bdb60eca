import Testing
import WireFormat

@Suite struct OctetDigestTests {
    /// From the list that is published with FNV. Relays compare digests with those that other relays have stored.
    @Test(
        "is FNV-1a of 64 bits",
        arguments: [
            ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8),
        ] as [(String, UInt64)])
    func vectors(text: String, value: UInt64) { #expect(OctetDigest(Array(text.utf8).span).value == value) }
}
