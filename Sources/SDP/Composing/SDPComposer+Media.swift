import WireFormat

/// The `m=` sections.
extension SDPComposer {
    /// Line for line as it came. The session's `c=` moves into it, since no session `c=` is ever written.
    mutating func writeVerbatim(_ section: MediaDescription) {
        var missing = section.ownConnection == nil ? document.session.connection : nil
        let end = section.section.indices.upperBound
        var start = section.section.indices.lowerBound
        var isFirst = true
        while start < end {
            let stop = document.bytes[start..<end].firstIndex(of: .lineFeed) ?? end
            var line = TextRange(start, stop)
            if stop > start, document.bytes[stop - 1] == .carriageReturn { line = TextRange(start, stop - 1) }
            // RFC 8866 §5: `c=` comes after `m=` and `i=`.
            if !isFirst, let address = missing, document.bytes[start] != UInt8(ascii: "i") {
                writeConnection(address)
                missing = nil
            }
            writeLine("", line)
            (start, isFirst) = (stop + 1, false)
        }
        if let address = missing { writeConnection(address) }
        writeInheritedDirection(section)
    }

    /// Port 0, and `mid` for the sake of those who group sections (RFC 5888 §9.1).
    mutating func writeRejected(_ section: MediaDescription, family: AddressFamily, mid: ByteString?) {
        writeMediaLine(
            section.type, port: 0, transport: section.transport, payloadTypes: [], formats: section.formats)
        writeLine("i=", section.information)
        writeConnection(.unspecified(family))
        writeBandwidth(section.bandwidth)
        writeLine("a=mid:", mid)
    }

    /// The rejected sections whose place is before a section of the sender's.
    mutating func writeInsertions(_ insertions: [SDPRewrite.Insertion], at position: Int) {
        for insertion in insertions where insertion.position == position {
            writeMediaLine(
                insertion.type, port: 0, transport: insertion.transport, payloadTypes: insertion.payloadTypes,
                formats: [])
            writeConnection(.unspecified(insertion.family))
            writeLine("a=mid:", insertion.mid)
        }
    }

    mutating func writeRelayed(_ section: MediaDescription, _ relayed: RelayedMedia) {
        let transport = relayed.transport ?? section.transport
        // Chosen ones, else the sender's; of what is not RTP there are none, and the formats stay as they came.
        var payloadTypes = section.payloadTypes
        if let chosen = relayed.payloadTypes, !chosen.isEmpty { payloadTypes = chosen }
        writeMediaLine(
            section.type, port: relayed.port, transport: transport, payloadTypes: payloadTypes,
            formats: section.formats)
        writeLine("i=", section.information)
        writeConnection(relayed.address)
        writeBandwidth(section.bandwidth)
        guard transport.isRTP else {
            // ICE would lead around us: never passed on.
            for attribute in section.attributes.items where !attribute.kind.isICE { writeLine("a=", attribute.line) }
            return writeInheritedDirection(section)
        }
        writeLine("a=mid:", relayed.mid)
        writeLine("a=label:", relayed.label)
        writeCodecs(section, payloadTypes)
        if section.attributes.kinds.contains(.extmap) {
            writeAttributes(.extmapAllowMixed, of: section.attributes)
            writeAttributes(.extmap, of: section.attributes)
        }
        writeAttributes(.rtcpFeedbackForAll, of: section.attributes)
        writeAttributes(.other, of: section.attributes)
        writeDirection(section, relayed)
        writeRTCP(relayed)
        writeKeys(section.attributes)
        writeLine("a=ptime:", decimal: relayed.ptime)
        writeLine("a=maxptime:", decimal: relayed.maxptime)
    }

    private mutating func writeMediaLine(
        _ type: ByteString, port: UInt16, transport: TransportProtocol, payloadTypes: [UInt8], formats: [ByteString]
    ) {
        output.write("m=")
        output.write(type)
        output.write(UInt8(ascii: " "))
        output.write(decimal: UInt64(port))
        output.write(UInt8(ascii: " "))
        if case .other(let text) = transport { output.write(text) } else { output.write(transport.name) }
        if !payloadTypes.isEmpty {
            for payloadType in payloadTypes {
                output.write(UInt8(ascii: " "))
                output.write(decimal: UInt64(payloadType))
            }
        } else if formats.isEmpty {
            output.write(" 0")  // RFC 8866 §9: at least one format
        } else {
            for format in formats {
                output.write(UInt8(ascii: " "))
                output.write(format)
            }
        }
        endLine()
    }

    private mutating func writeDirection(_ section: MediaDescription, _ relayed: RelayedMedia) {
        guard relayed.keepsDirectionLine else { return write(relayed.direction) }
        let isOwn = section.attributes.directions.effective != nil
        // What the session said is repeated here: our session part has no direction.
        guard isOwn || document.session.attributes.directions.effective != nil else { return }
        write(section.direction)
    }

    /// What the session said, for a section that goes through as it came; `sendrecv` needs no words.
    private mutating func writeInheritedDirection(_ section: MediaDescription) {
        guard section.attributes.directions.effective == nil, section.direction != .sendrecv else { return }
        write(section.direction)
    }

    private mutating func write(_ direction: MediaDirection) {
        output.write("a=")
        output.write(direction.name)
        endLine()
    }

    private mutating func writeRTCP(_ relayed: RelayedMedia) {
        switch relayed.rtcp {
        case .omitted: break
        case .port(let port):
            output.write("a=rtcp:")
            output.write(decimal: UInt64(port))
            endLine()
        case .full(let port, let address):
            output.write("a=rtcp:")
            output.write(decimal: UInt64(port))
            output.write(" IN ")
            write(address)
            endLine()
        }
        if relayed.rtcpMux { writeLine("a=rtcp-mux") }
    }
}
