package import WireFormat

/// The media types of RFC 8866 §5.14 that are treated differently.
package enum MediaKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case audio, video, image, message, application, text, other

    /// Reads a media type; letter case does not matter.
    package init(_ type: ByteString) { self.init(type.bytes.span) }

    init(_ type: Span<UInt8>) {
        self = .other
        for kind in Self.allCases where kind != .other && type.equalsIgnoringCase(kind.name) { self = kind }
    }

    /// The media type as it is registered; `other` has none.
    package var name: String {
        switch self {
        case .audio: "audio"
        case .video: "video"
        case .image: "image"
        case .message: "message"
        case .application: "application"
        case .text: "text"
        case .other: ""
        }
    }
}
