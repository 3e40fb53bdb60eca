package import WireFormat

/// One `m=` section (RFC 8866 §5.14), with what it inherits from the session.
package struct MediaDescription: Sendable {
    /// The media type as the sender spelled it.
    package let type: ByteString
    package let kind: MediaKind
    /// Of RTP; 0 when the section is rejected (RFC 3264 §6).
    package let port: UInt16
    /// `/N` of the port, otherwise 1.
    package let portCount: Int
    package let transport: TransportProtocol
    /// All tokens after the protocol.
    package let formats: [ByteString]
    /// RTP only, in the order of the `m=` line, each once; what is no payload type is missing here.
    package let payloadTypes: [UInt8]

    /// The section's own `c=`, else the session's; unspecified for a rejected section without either.
    package internal(set) var connection = IPAddress.unspecified(.ipv4)
    /// The section's own direction, else the session's, else `sendrecv`.
    package internal(set) var direction = MediaDirection.sendrecv
    package internal(set) var rtcp: RTCPAttribute?
    package internal(set) var mid: ByteString?
    package internal(set) var label: ByteString?
    /// In milliseconds.
    package internal(set) var ptime: Int?
    /// In milliseconds.
    package internal(set) var maxptime: Int?
    /// The first format as `PCMA/8000` or `opus/48000/2`, if it is known.
    package internal(set) var firstCodec: ByteString?
    /// Bit *n* is set when payload type *n* carries DTMF events (`telephone-event`, RFC 4733).
    package internal(set) var telephoneEvents: UInt128 = 0
    /// True when the sender offers ICE here or for the whole session.
    package internal(set) var hasICE = false

    /// True with `a=rtcp-mux` (RFC 5761 §5.1.1), and when `a=rtcp` names the address and port of RTP.
    package internal(set) var rtcpMux = false
    /// Port 0: the sender does not want this section.
    package var isRejected: Bool { port == 0 }

    /// From the `m=` line to the next one, with line endings.
    var section = TextRange.empty
    var information: TextRange?
    var ownConnection: IPAddress?
    var bandwidth = Bandwidth()
    var attributes = AttributeList()
    private var hasBadPayloadType = false

    /// Reads the value of `m=`.
    init(_ text: Span<UInt8>, _ range: TextRange) throws(SDPError.Reason) {
        var rest = range
        guard let type = text.nextToken(in: &rest), let ports = text.nextToken(in: &rest),
            let transport = text.nextToken(in: &rest), let (port, length) = text.decimalPrefix(in: ports, atMost: 65535)
        else { throw .badMediaLine }
        portCount = try Self.portCount(text, ports.dropFirst(length))
        self.type = ByteString(text.extracting(type.indices))
        kind = MediaKind(text.extracting(type.indices))
        self.port = UInt16(truncatingIfNeeded: port)
        self.transport = TransportProtocol(text.extracting(transport.indices))
        var formats: [ByteString] = []
        var payloadTypes: [UInt8] = []
        while let format = text.nextToken(in: &rest) {
            guard formats.count < SDPLimits.formatsPerMedia else { throw .tooManyFormats }
            formats.append(ByteString(text.extracting(format.indices)))
            guard self.transport.isRTP else { continue }
            // Something behind the number is survived, as by rtpengine, and left away.
            if let (number, _) = text.decimalPrefix(in: format, atMost: 127) {
                let payloadType = UInt8(truncatingIfNeeded: number)
                if !payloadTypes.contains(payloadType) { payloadTypes.append(payloadType) }
            } else if port != 0 {
                hasBadPayloadType = true
            }
        }
        (self.formats, self.payloadTypes) = (formats, payloadTypes)
    }

    /// Reads `/N` after the port, or nothing.
    private static func portCount(_ text: Span<UInt8>, _ rest: TextRange) throws(SDPError.Reason) -> Int {
        guard !rest.isEmpty else { return 1 }
        guard text[rest.indices.lowerBound] == UInt8(ascii: "/"),
            let count = text.decimal(in: rest.dropFirst(1), atMost: SDPLimits.portsPerMedia), count > 0
        else { throw .badMediaLine }
        return count
    }

    mutating func readAttribute(_ text: Span<UInt8>, _ range: TextRange) {
        let attribute = SDPAttribute(text, range)
        let value = attribute.value
        attributes.append(attribute)
        switch attribute.kind {
        case .mid where mid == nil: mid = ByteString(text.extracting(value.indices))
        case .label where label == nil: label = ByteString(text.extracting(value.indices))
        case .ptime: ptime = Self.duration(text, value)
        case .maxptime: maxptime = Self.duration(text, value)
        case .rtcp where portCount == 1: rtcp = RTCPAttribute(text, value)
        default: break
        }
    }

    /// A packet time in milliseconds; 0 is none.
    private static func duration(_ text: Span<UInt8>, _ range: TextRange) -> Int? {
        guard let (value, _) = text.decimalPrefix(in: range, atMost: Int(UInt16.max)), value > 0 else { return nil }
        return value
    }

    /// Takes over what the session says for all sections; what is missing to relay this one, if anything.
    mutating func complete(
        _ text: Span<UInt8>, endingAt end: Int, in session: SessionDescription
    ) -> SDPError.Reason? {
        section = TextRange(section.indices.lowerBound, end)
        direction = attributes.directions.effective ?? session.attributes.directions.effective ?? .sendrecv
        hasICE = attributes.hasICE || session.attributes.hasICE
        if let first = payloadTypes.first { firstCodec = encoding(of: first, text) }
        for attribute in attributes.items where attribute.kind == .rtpmap && isTelephoneEvent(attribute, text) {
            telephoneEvents |= 1 << UInt128(attribute.payloadType)
        }
        if let address = ownConnection ?? session.connection {
            connection = address
        } else if !isRejected {
            return .noConnection
        }
        rtcpMux = attributes.kinds.contains(.rtcpMux) || rtcpIsAtRTP
        return hasBadPayloadType ? .badPayloadType : nil
    }

    /// Whether `a=rtcp` names the port of RTP. Port 9 of no address says that ICE has yet to find one (RFC 8840 §4.1).
    private var rtcpIsAtRTP: Bool {
        guard let rtcp, rtcp.port == port, rtcp.address ?? connection == connection else { return false }
        return !(connection.isUnspecified && port == 9)
    }

    private func isTelephoneEvent(_ attribute: SDPAttribute, _ text: Span<UInt8>) -> Bool {
        let name = "telephone-event"
        guard attribute.value.count > name.utf8.count else { return false }
        let start = attribute.value.indices.lowerBound
        return text.extracting(start..<start + name.utf8.count).equalsIgnoringCase(name)
    }

    /// What `a=rtpmap` says of a payload type, or else the static assignment.
    func encoding(of payloadType: UInt8, _ text: Span<UInt8>) -> ByteString? {
        if let mapping = attributes.items.last(where: { $0.kind == .rtpmap && $0.payloadType == payloadType }) {
            return ByteString(text.extracting(mapping.value.indices))
        }
        return StandardPayloadType(payloadType).map { ByteString($0.encoding) }
    }
}
