package import WireFormat

/// Where the sender wants RTCP: the `a=rtcp` attribute (RFC 3605).
package struct RTCPAttribute: Equatable, Sendable, BitwiseCopyable {
    package let port: UInt16
    /// `nil` when the attribute has no address, or the unspecified one: then that of the media section holds.
    package let address: IPAddress?

    /// Reads `4001` or `4001 IN IP4 192.0.2.1`. `nil` if it is neither, or port 0.
    init?(_ text: Span<UInt8>, _ range: TextRange) {
        var rest = range
        guard let first = text.nextToken(in: &rest), let number = text.decimal(in: first, atMost: 65535),
            number > 0
        else { return nil }
        port = UInt16(truncatingIfNeeded: number)
        if let networkType = text.nextToken(in: &rest) {
            guard let parsed = text.connectionAddress(networkType, in: &rest) else { return nil }
            address = parsed.isUnspecified ? nil : parsed
        } else {
            address = nil
        }
    }
}
