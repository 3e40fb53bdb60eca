package import WireFormat

/// A received session description (RFC 8866): the octets, and what we understood of them.
package struct SDPDocument: Sendable {
    /// The body as it came; everything copied into an answer is a piece of it.
    package let bytes: [UInt8]
    package let session: SessionDescription
    package let media: [MediaDescription]

    /// Reads a body.
    ///
    /// - Complexity: O(*n*) in its size.
    package init(parsing bytes: [UInt8]) throws(SDPError) {
        guard bytes.count <= SDPLimits.octets else { throw SDPError(.tooLarge, line: 1) }
        var parser = SDPParser()
        try parser.parse(bytes.span)
        (self.bytes, session, media) = (bytes, parser.session, parser.media)
    }

    /// What a payload type of a section stands for, such as `PCMA/8000`; `nil` when it is not said and not standard.
    package func encoding(of payloadType: UInt8, in section: Int) -> ByteString? {
        media[section].encoding(of: payloadType, bytes.span)
    }
}
