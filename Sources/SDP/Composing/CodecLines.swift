import WireFormat

/// The attributes that belong to a payload type, found without searching: lists by payload type, in the sender's order.
private struct PayloadTypeIndex {
    /// RFC 3550 §5.1: seven bits.
    private static let payloadTypes = 128

    private let attributes: [SDPAttribute]
    /// First attribute of each payload type, and the next of the same one; -1 at the end.
    private var heads = [Int](repeating: -1, count: payloadTypes)
    private var successors: [Int]
    private var isTaken = [Bool](repeating: false, count: payloadTypes)

    init(_ list: AttributeList) {
        attributes = list.items
        successors = Array(repeating: -1, count: list.items.count)
        for index in attributes.indices.reversed() {
            switch attributes[index].kind {
            case .rtpmap, .fmtp, .rtcpFeedback:
                let payloadType = Int(attributes[index].payloadType)
                guard payloadType < Self.payloadTypes else { continue }
                successors[index] = heads[payloadType]
                heads[payloadType] = index
            default: break
            }
        }
    }

    /// The attributes of a payload type; none the second time, so that repeating one does not multiply the output.
    mutating func take(_ payloadType: UInt8) -> [SDPAttribute]? {
        guard payloadType < Self.payloadTypes, !isTaken[Int(payloadType)] else { return nil }
        isTaken[Int(payloadType)] = true
        var (found, next): ([SDPAttribute], Int) = ([], heads[Int(payloadType)])
        while next >= 0 {
            found.append(attributes[next])
            next = successors[next]
        }
        return found
    }
}

extension SDPComposer {
    /// For each payload type its `rtpmap`, also when it is a static one, then `fmtp`, then `rtcp-fb`.
    mutating func writeCodecs(_ section: MediaDescription, _ chosen: [UInt8]?) {
        var index = PayloadTypeIndex(section.attributes)
        let payloadTypes = if let chosen, !chosen.isEmpty { chosen } else { section.payloadTypes }
        for payloadType in payloadTypes {
            guard let attributes = index.take(payloadType) else { continue }
            if let mapping = attributes.first(where: { $0.kind == .rtpmap }) {
                output.write("a=rtpmap:")
                output.write(decimal: payloadType)
                output.write(UInt8(ascii: " "))
                copy(mapping.value)
                endLine()
            } else if let standard = StandardPayloadType(payloadType) {
                writeLine("a=rtpmap:\(payloadType) \(standard.encoding)")
            }
            for attribute in attributes where attribute.kind == .fmtp { writeLine("a=", attribute.line) }
            for attribute in attributes where attribute.kind == .rtcpFeedback { writeLine("a=", attribute.line) }
        }
    }
}
