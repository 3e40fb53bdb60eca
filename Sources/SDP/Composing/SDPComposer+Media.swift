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
    }

    /// Port 0, and `mid` for the sake of those who group sections (RFC 5888 §9.1).
    mutating func writeRejected(_ section: MediaDescription, family: AddressFamily, mid: ByteString?) {
        writeMediaLine(section, port: 0, transport: section.transport, payloadTypes: nil)
        writeConnection(.unspecified(family))
        writeLine("a=mid:", mid)
    }

    mutating func writeRelayed(_ section: MediaDescription, _ relayed: RelayedMedia) {
        let transport = relayed.transport ?? section.transport
        writeMediaLine(section, port: relayed.port, transport: transport, payloadTypes: relayed.payloadTypes)
        writeLine("i=", section.information)
        writeConnection(relayed.address)
        writeBandwidth(section.bandwidth)
        guard transport.isRTP else {
            for attribute in section.attributes.items { writeLine("a=", attribute.line) }
            return
        }
        writeLine("a=mid:", relayed.mid)
        writeLine("a=label:", relayed.label)
        writeCodecs(section, relayed.payloadTypes)
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
        _ section: MediaDescription, port: UInt16, transport: TransportProtocol, payloadTypes: [UInt8]?
    ) {
        output.write("m=")
        output.write(section.type)
        output.write(UInt8(ascii: " "))
        output.write(decimal: port)
        output.write(UInt8(ascii: " "))
        output.write(transport.text)
        if let payloadTypes, !payloadTypes.isEmpty {
            for payloadType in payloadTypes {
                output.write(UInt8(ascii: " "))
                output.write(decimal: payloadType)
            }
        } else if section.formats.isEmpty {
            output.write(" 0")  // RFC 8866 §9: at least one format
        } else {
            for format in section.formats {
                output.write(UInt8(ascii: " "))
                output.write(format)
            }
        }
        endLine()
    }

    private mutating func writeDirection(_ section: MediaDescription, _ relayed: RelayedMedia) {
        guard relayed.keepsDirectionLine else { return writeLine("a=\(relayed.direction.name)") }
        let isOwn = section.attributes.directions.effective != nil
        // What the session said is repeated here: our session part has no direction.
        guard isOwn || document.session.attributes.directions.effective != nil else { return }
        writeLine("a=\(section.direction.name)")
    }

    private mutating func writeRTCP(_ relayed: RelayedMedia) {
        switch relayed.rtcp {
        case .omitted: break
        case .port(let port): writeLine("a=rtcp:\(port)")
        case .full(let port, let address): writeLine("a=rtcp:\(port) IN \(address.family.sdpName) \(address)")
        }
        if relayed.rtcpMux { writeLine("a=rtcp-mux") }
    }
}
