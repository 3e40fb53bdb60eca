/// What a relay, or a group of relays, may be called. Its name is part of keys and of records, where a colon or a space ends
/// it.
package enum RelayName {
    /// The longest name, in octets.
    package static let maximumLength = 48

    /// Letters, digits, `.`, `-` and `_`, and not too many.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        let octets = text.utf8
        return (1...maximumLength).contains(octets.count) && octets.allSatisfy(isValid)
    }

    /// Whether an octet can be part of a name.
    package static func isValid(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
