package import WireFormat

/// What stands before the first `m=` line (RFC 8866 §5).
package struct SessionDescription: Sendable {
    /// First token of `o=`; of a body without `o=` we make all its tokens up.
    package internal(set) var username: ByteString = ""
    /// Second token of `o=`; digits, says RFC 8866, but not every sender has read it.
    package internal(set) var sessionID: ByteString = ""
    /// Third token of `o=` as a number; 0 when it is none.
    package internal(set) var version: UInt64 = 0
    /// Third token of `o=` as it came.
    package internal(set) var versionText: ByteString = ""
    /// Fifth and sixth token of `o=`; may be a host name, which we never resolve.
    var originAddress = TextRange.empty
    /// The value of `s=`.
    package internal(set) var name: ByteString?
    /// The value of `a=rtpengine`: the mark of a relay that has seen this body before.
    package internal(set) var loopMarker: ByteString?

    var hasOrigin = false
    var information, uri, email, phone, timing: TextRange?
    var bandwidth = Bandwidth()
    var connection: IPAddress?
    var attributes = AttributeList()

    init() {}

    /// Reads the value of `o=`; false if it has fewer than six tokens.
    mutating func readOrigin(_ text: Span<UInt8>, _ range: TextRange) -> Bool {
        var rest = range
        guard let user = text.nextToken(in: &rest), let identifier = text.nextToken(in: &rest),
            let number = text.nextToken(in: &rest), text.nextToken(in: &rest) != nil,
            let type = text.nextToken(in: &rest), let address = text.nextToken(in: &rest)
        else { return false }
        username = ByteString(text.extracting(user.indices))
        sessionID = ByteString(text.extracting(identifier.indices))
        versionText = ByteString(text.extracting(number.indices))
        var cursor = ByteCursor(text.extracting(number.indices))
        version = cursor.decimal() ?? 0
        originAddress = TextRange(type.indices.lowerBound, address.indices.upperBound)
        hasOrigin = true
        return true
    }

    /// Stands in for a missing `o=` (rtpengine accepts that, too): the same body is the same session, another body another
    /// one, so that nobody takes a change for a repetition (RFC 3264 §8).
    mutating func makeOrigin(_ text: Span<UInt8>) {
        username = "-"
        // RFC 8866 §5.2: some read it as a signed number of 64 bits.
        sessionID = ByteString(String(OctetDigest(text).value >> 1))
        versionText = "0"
    }

    mutating func readAttribute(_ text: Span<UInt8>, _ range: TextRange) {
        let attribute = SDPAttribute(text, range)
        attributes.append(attribute)
        if attribute.kind == .loopMarker { loopMarker = ByteString(text.extracting(attribute.value.indices)) }
    }
}
