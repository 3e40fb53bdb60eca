import WireFormat

/// The attributes that belong to each payload type, found without searching: chains in the sender's order.
private struct PayloadTypeChains {
    static let end = -1

    /// Index of the first attribute of each payload type; there are 128 of them (RFC 3550 §5.1).
    private var heads = InlineArray<128, Int16>(repeating: Int16(end))
    private var isTaken = InlineArray<128, Bool>(repeating: false)
    /// For each attribute the next one of the same payload type.
    private(set) var successors: [Int]

    init(_ list: AttributeList) {
        successors = Array(repeating: Self.end, count: list.items.count)
        for index in list.items.indices.reversed() {
            switch list.items[index].kind {
            case .rtpmap, .fmtp, .rtcpFeedback:
                let payloadType = Int(list.items[index].payloadType)
                guard payloadType < heads.count else { continue }
                successors[index] = Int(heads[payloadType])
                heads[payloadType] = Int16(truncatingIfNeeded: index)  // `SDPLimits.lines` is less
            default: break
            }
        }
    }

    /// Where the chain of a payload type begins, `end` if it is empty; `nil` for what is no payload type, and the second
    /// time, so that repeating one does not multiply the output.
    mutating func take(_ payloadType: UInt8) -> Int? {
        guard Int(payloadType) < heads.count, !isTaken[Int(payloadType)] else { return nil }
        isTaken[Int(payloadType)] = true
        return Int(heads[Int(payloadType)])
    }
}

extension SDPComposer {
    /// For each payload type its `rtpmap`, also when it is a static one, then `fmtp`, then `rtcp-fb`.
    mutating func writeCodecs(_ section: MediaDescription, _ payloadTypes: [UInt8]) {
        var chains = PayloadTypeChains(section.attributes)
        let successors = chains.successors
        for payloadType in payloadTypes {
            guard let first = chains.take(payloadType), writeMapping(payloadType, section, first, successors) else {
                continue
            }
            writeAttributes(.fmtp, section, first, successors)
            writeAttributes(.rtcpFeedback, section, first, successors)
        }
    }

    /// False if nobody says what the payload type is: then there is nothing to say about it but its number.
    private mutating func writeMapping(
        _ payloadType: UInt8, _ section: MediaDescription, _ first: Int, _ successors: [Int]
    ) -> Bool {
        var mapping: SDPAttribute?
        var next = first
        while next != PayloadTypeChains.end {
            let attribute = section.attributes.items[next]
            if attribute.kind == .rtpmap { mapping = attribute }  // of several, the last one counts, as in rtpengine
            next = successors[next]
        }
        let standard = mapping == nil ? StandardPayloadType(payloadType) : nil
        guard mapping != nil || standard != nil else { return false }
        output.write("a=rtpmap:")
        output.write(decimal: UInt64(payloadType))
        output.write(UInt8(ascii: " "))
        if let mapping { copy(mapping.value) } else if let standard { output.write(standard.encoding) }
        endLine()
        return true
    }

    private mutating func writeAttributes(
        _ kind: AttributeKind, _ section: MediaDescription, _ first: Int, _ successors: [Int]
    ) {
        guard section.attributes.kinds.contains(kind) else { return }
        var next = first
        while next != PayloadTypeChains.end {
            let attribute = section.attributes.items[next]
            if attribute.kind == kind { writeLine("a=", attribute.line) }
            next = successors[next]
        }
    }
}
