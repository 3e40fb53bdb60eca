internal import WireFormat

/// How a dictionary is written; a reply is written like its request.
package enum NGBodyFormat: Sendable {
    case bencode, json
}

/// Turns bodies into dictionaries and back.
package enum NGCodec {
    /// How deep lists and dictionaries may be nested, the outermost counted. The deepest known message needs seven.
    package static let maximumDepth = 32

    /// The longest message of a stream, in octets: more than the largest datagram, with room for a recording in a `blob`.
    package static let maximumMessageLength = 1 << 20

    /// Reads a body; the first octet tells its format. Octets after a bencoded dictionary are ignored, as rtpengine does.
    package static func decode(_ body: Span<UInt8>) throws(NGError) -> (
        format: NGBodyFormat, dictionary: NGDictionary
    ) {
        guard !body.isEmpty else { throw NGError(.noPayload) }
        switch body[0] {
        case UInt8(ascii: "d"):
            var decoder = BencodeDecoder(body)
            return (.bencode, try decoder.document())
        case UInt8(ascii: "{"):
            var decoder = JSONDecoder(body)
            return (.json, try decoder.document())
        default: throw NGError(.unknownFormat, at: 0)
        }
    }

    /// Reads a body.
    package static func decode(_ body: [UInt8]) throws(NGError) -> (format: NGBodyFormat, dictionary: NGDictionary) {
        try decode(body.span)
    }

    /// Reads a body.
    package static func decode(_ body: ArraySlice<UInt8>) throws(NGError) -> (
        format: NGBodyFormat, dictionary: NGDictionary
    ) {
        try decode(body.span)
    }

    /// Writes a dictionary, its entries in their order.
    package static func encode(_ dictionary: NGDictionary, as format: NGBodyFormat) -> [UInt8] {
        var writer = NGWriter(ByteWriter(capacity: 512), as: format)
        writer.dictionary(dictionary)
        return writer.bytes
    }
}
