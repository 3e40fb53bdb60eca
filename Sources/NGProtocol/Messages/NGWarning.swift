package import WireFormat

/// Something in a request that was not understood, and ignored. Never a reason to refuse it.
package enum NGWarning: Equatable, Sendable {
    case unknownKey(ByteString)
    case unknownFlag(ByteString)
    /// A word that the key does not know.
    case unknownValue(NGKey, ByteString)
    /// A value of a kind that the key does not take, such as a list where it takes a number.
    case wrongType(NGKey)
    /// More than two interfaces, one for each side.
    case tooManyDirections
    /// A flag string that cannot be read from this octet on, or only in part.
    case malformedFlagString(offset: Int)
    /// A template that is not configured.
    case unknownTemplate(ByteString)
}

extension NGWarning: CustomStringConvertible {
    /// The line for the log. What the peer sent is cut short and cleared of control characters, so it stays one line.
    package var description: String {
        switch self {
        case .unknownKey(let key): "Unknown dictionary key encountered: '\(Self.printable(key))'"
        case .unknownFlag(let flag): "Unknown flag encountered: '\(Self.printable(flag))'"
        case .unknownValue(let key, let word):
            "Unknown '\(key.spelling)' flag encountered: '\(Self.printable(word))'"
        case .wrongType(let key): "Value of '\(key.spelling)' is of the wrong type, ignored"
        case .tooManyDirections: "Too many 'direction=...' flags encountered"
        case .malformedFlagString(let offset): "Flag string cannot be understood at octet \(offset)"
        case .unknownTemplate(let name): "Templates for signalling flags '\(Self.printable(name))' not found"
        }
    }

    /// The longest piece of a peer's word in a log line, in octets.
    private static let printableLength = 100

    private static func printable(_ octets: ByteString) -> String {
        let text = String(decoding: octets.bytes.prefix(printableLength), as: UTF8.self)
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}
