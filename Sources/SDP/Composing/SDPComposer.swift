import WireFormat

extension SDPDocument {
    /// The description for the other side: always in the same order, all lines with CRLF.
    ///
    /// - Complexity: O(*n*) in the size of the body.
    package func composed(with rewrite: SDPRewrite) -> [UInt8] {
        var composer = SDPComposer(self)
        composer.writeSession(rewrite)
        composer.apply(rewrite.sessionEdit, from: 0)
        for (index, section) in media.enumerated() {
            let change =
                index < rewrite.media.count
                ? rewrite.media[index] : .rejected(family: section.connection.family, mid: section.mid)
            composer.writeInsertions(rewrite.insertions, at: index)
            let start = composer.output.count
            switch change {
            case .omitted: continue
            case .verbatim: composer.writeVerbatim(section)
            case .rejected(let family, let mid): composer.writeRejected(section, family: family, mid: mid)
            case .relayed(let relayed): composer.writeRelayed(section, relayed)
            }
            composer.apply(rewrite.mediaEdits[section.kind], from: start)
        }
        composer.writeInsertions(rewrite.insertions, at: media.count)
        return composer.output.bytes
    }
}

/// Writes the lines of a new description, with pieces of the received one.
struct SDPComposer {
    /// Our own lines are few, and our addresses seldom shorter than the sender's.
    private static let growth = 512

    let document: SDPDocument
    var output: ByteWriter

    init(_ document: SDPDocument) {
        self.document = document
        output = ByteWriter(capacity: document.bytes.count + Self.growth)
    }

    // MARK: Lines

    mutating func endLine() {
        output.write(.carriageReturn)
        output.write(.lineFeed)
    }

    /// A piece of the received body.
    mutating func copy(_ range: TextRange) { output.write(document.bytes[range.indices]) }

    mutating func writeLine(_ prefix: String, _ range: TextRange?) {
        guard let range else { return }
        output.write(prefix)
        copy(range)
        endLine()
    }

    mutating func writeLine(_ prefix: String, _ text: ByteString?) {
        guard let text else { return }
        output.write(prefix)
        output.write(text)
        endLine()
    }

    mutating func writeLine(_ prefix: String, decimal value: Int?) {
        guard let value else { return }
        output.write(prefix)
        output.write(decimal: UInt64(value.magnitude))
        endLine()
    }

    mutating func writeLine(_ text: String) {
        output.write(text)
        endLine()
    }

    mutating func writeConnection(_ address: IPAddress) {
        output.write("c=IN ")
        write(address)
        endLine()
    }

    /// The address with its family, such as `IP4 192.0.2.1`.
    mutating func write(_ address: IPAddress) {
        output.write(address.family == .ipv4 ? "IP4 " : "IP6 ")
        output.write(address)
    }

    mutating func writeBandwidth(_ bandwidth: Bandwidth) {
        writeLine("b=AS:", decimal: bandwidth.applicationSpecific)
        writeLine("b=RR:", decimal: bandwidth.rtcpReceivers)
        writeLine("b=RS:", decimal: bandwidth.rtcpSenders)
        writeLine("b=CT:", decimal: bandwidth.conferenceTotal)
        writeLine("b=TIAS:", decimal: bandwidth.transportIndependent)
    }

    /// All attributes of one kind, as they came.
    mutating func writeAttributes(_ kind: AttributeKind, of list: AttributeList) {
        guard list.kinds.contains(kind) else { return }
        for attribute in list.items where attribute.kind == kind { writeLine("a=", attribute.line) }
    }

    // MARK: Session

    /// Everything before the first `m=`. Addresses and directions are said by each section for itself.
    mutating func writeSession(_ rewrite: SDPRewrite) {
        let session = document.session
        writeLine("v=0")
        writeOrigin(rewrite)
        writeLine("s=", rewrite.sessionName ?? session.name ?? "-")
        writeLine("i=", session.information)
        writeLine("u=", session.uri)
        writeLine("e=", session.email)
        writeLine("p=", session.phone)
        writeBandwidth(session.bandwidth)
        if let timing = session.timing { writeLine("t=", timing) } else { writeLine("t=0 0") }
        writeLine("a=rtpengine:", rewrite.loopMarker)
        writeAttributes(.other, of: session.attributes)
        // These hold for all sections, whose own lines we pass on too.
        writeAttributes(.extmapAllowMixed, of: session.attributes)
        writeAttributes(.extmap, of: session.attributes)
        writeKeys(session.attributes)
    }

    private mutating func writeOrigin(_ rewrite: SDPRewrite) {
        let session = document.session
        output.write("o=")
        output.write(rewrite.username ?? session.username)
        output.write(UInt8(ascii: " "))
        output.write(rewrite.sessionID ?? session.sessionID)
        output.write(UInt8(ascii: " "))
        switch rewrite.version {
        case .keep: output.write(session.versionText)
        case .number(let number): output.write(decimal: number)
        }
        output.write(" IN ")
        if let address = rewrite.originAddress {
            write(address)
        } else if session.hasOrigin {
            copy(session.originAddress)
        } else {
            write(session.connection ?? document.media.first?.connection ?? .unspecified(.ipv4))
        }
        endLine()
    }

    /// Applies what the caller wants changed in the attributes written from `start` on.
    mutating func apply(_ edit: AttributeEdit?, from start: Int) {
        guard let edit else { return }
        var edited = ByteWriter(capacity: output.count + Self.growth)
        edited.write(output.bytes[..<start])
        edit.write(output.bytes[start...], to: &edited)
        output = edited
    }

    /// The keys of SRTP go from end to end: SDES (RFC 4568), DTLS (RFC 5763, RFC 8842).
    mutating func writeKeys(_ attributes: AttributeList) {
        writeAttributes(.crypto, of: attributes)
        writeAttributes(.setup, of: attributes)
        writeAttributes(.fingerprint, of: attributes)
        writeAttributes(.tlsID, of: attributes)
    }
}
