import WireFormat

/// One `a=` line: what it is and where its parts are in the body.
struct SDPAttribute: Sendable, BitwiseCopyable {
    let kind: AttributeKind
    /// Everything after `a=`.
    let line: TextRange
    /// What follows the colon; of an `rtpmap` only the encoding, such as `opus/48000/2`.
    let value: TextRange
    /// Of `rtpmap`, `fmtp` and `rtcp-fb`; 0 for the others.
    let payloadType: UInt8

    /// Reads the text after `a=`. Names are known to be right, values are checked only where we use them.
    init(_ text: Span<UInt8>, _ line: TextRange) {
        let end = line.indices.upperBound
        let colon = text.firstIndex(of: UInt8(ascii: ":"), in: line) ?? end
        let value = TextRange(min(colon + 1, end), end)
        let name = text.trimmingTrailingBlanks(TextRange(line.indices.lowerBound, colon))
        let kind = AttributeNames.shared.kind(of: name, in: text)
        self.line = line
        switch kind {
        case .rtpmap:
            let mapping = Self.mapping(text, value)
            (self.kind, self.value) = (mapping == nil ? .malformed : kind, mapping?.encoding ?? value)
            payloadType = mapping?.payloadType ?? 0
        case .rtcpFeedback where text.hasPrefix("* ", at: value):
            (self.kind, self.value, payloadType) = (.rtcpFeedbackForAll, value, 0)
        case .fmtp, .rtcpFeedback:
            let payloadType = Self.payloadType(text, value)
            (self.kind, self.value) = (payloadType == nil ? .malformed : kind, value)
            self.payloadType = payloadType ?? 0
        case .mid, .label:
            (self.kind, self.value, payloadType) = (value.isEmpty ? .malformed : kind, value, 0)
        default: (self.kind, self.value, payloadType) = (kind, value, 0)
        }
    }

    /// The payload type at the beginning of a value, up to a blank.
    private static func payloadType(_ text: Span<UInt8>, _ value: TextRange) -> UInt8? {
        var rest = value
        guard let token = text.nextToken(in: &rest), let number = text.decimal(in: token, atMost: 127) else {
            return nil
        }
        return UInt8(truncatingIfNeeded: number)
    }

    /// Reads `96 opus/48000/2` (RFC 8866 §6.6). A single channel is the default, and left out of the result.
    private static func mapping(_ text: Span<UInt8>, _ value: TextRange) -> (payloadType: UInt8, encoding: TextRange)? {
        var rest = value
        guard let first = text.nextToken(in: &rest), let number = text.decimal(in: first, atMost: 127),
            let encoding = text.nextToken(in: &rest),
            let slash = text.firstIndex(of: UInt8(ascii: "/"), in: encoding), slash > encoding.indices.lowerBound
        else { return nil }
        let (start, end) = (encoding.indices.lowerBound, encoding.indices.upperBound)
        let clock = TextRange(slash + 1, end)
        let second = text.firstIndex(of: UInt8(ascii: "/"), in: clock) ?? end
        guard let rate = text.decimal(in: TextRange(slash + 1, second), atMost: Int(UInt32.max)), rate > 0 else {
            return nil
        }
        let payloadType = UInt8(truncatingIfNeeded: number)
        guard second < end else { return (payloadType, encoding) }
        guard let channels = text.decimal(in: TextRange(second + 1, end), atMost: 255), channels > 0 else { return nil }
        return (payloadType, TextRange(start, channels > 1 ? end : second))
    }
}

/// The attributes of one level in the sender's order.
struct AttributeList: Sendable {
    private(set) var items: [SDPAttribute] = []
    private(set) var kinds = AttributeSet()
    private(set) var directions = DirectionSet()

    mutating func append(_ attribute: SDPAttribute) {
        items.append(attribute)
        kinds.insert(attribute.kind)
        switch attribute.kind {
        case .sendrecv: directions.insert(.sendrecv)
        case .sendonly: directions.insert(.sendonly)
        case .recvonly: directions.insert(.recvonly)
        case .inactive: directions.insert(.inactive)
        default: break
        }
    }

    /// The first attribute of a kind.
    func first(_ kind: AttributeKind) -> SDPAttribute? {
        kinds.contains(kind) ? items.first { $0.kind == kind } : nil
    }

    /// True when the sender offers ICE on this level (RFC 8839).
    var hasICE: Bool { kinds.contains(.iceUfrag) || kinds.contains(.candidate) }
}
