package import WireFormat

/// What to do with the codecs of an SDP (`codec`): names as in SDP, `telephone-event` or `opus/48000/2`, `all`, `full`.
package struct NGCodecOptions: Equatable, Sendable {
    package enum Operation: UInt8, NGOption {
        case strip, offer, except, mask, transcode, accept, consume, ignore, set

        package static let names = NameTable<Operation>([
            "strip": .strip, "offer": .offer, "except": .except, "mask": .mask, "transcode": .transcode,
            "accept": .accept, "consume": .consume, "ignore": .ignore, "set": .set,
        ])
    }

    /// Codecs to take out.
    package var strip: [ByteString] = []
    /// Codecs to leave in, in this order, when the others are taken out.
    package var offer: [ByteString] = []
    /// Codecs to leave in when the others are taken out.
    package var except: [ByteString] = []
    /// Codecs to take out of the offer and yet to accept from the offerer.
    package var mask: [ByteString] = []
    /// Codecs to add and to convert to and from.
    package var transcode: [ByteString] = []
    package var accept: [ByteString] = []
    package var consume: [ByteString] = []
    package var ignore: [ByteString] = []
    /// Codecs with the settings to use when converting.
    package var set: [ByteString] = []

    package var isEmpty: Bool { self == NGCodecOptions() }

    /// Adds a codec to the list of an operation.
    mutating func append(_ codec: ByteString, to operation: Operation) {
        switch operation {
        case .strip: strip.append(codec)
        case .offer: offer.append(codec)
        case .except: except.append(codec)
        case .mask: mask.append(codec)
        case .transcode: transcode.append(codec)
        case .accept: accept.append(codec)
        case .consume: consume.append(codec)
        case .ignore: ignore.append(codec)
        case .set: set.append(codec)
        }
    }
}

/// RTP header extensions to take out of an SDP (`extmap`, RFC 8285).
package struct NGExtensionMap: Equatable, Sendable {
    package var strip: [ByteString] = []
    package var mask: [ByteString] = []
}
