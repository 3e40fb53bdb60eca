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
}
