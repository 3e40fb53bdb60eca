internal import WireFormat

extension ByteWriter {
    /// Writes octets between quotes. JSON is UTF-8 and nothing else (RFC 8259 §8.1), so an octet that is not part of it, which
    /// can only have come in by bencode or SIP, becomes U+FFFD.
    mutating func write(jsonString octets: ByteString) {
        let bytes = octets.bytes.span
        write(UInt8(ascii: "\""))
        var (start, index) = (0, 0)  // `start ..< index` needs no escape and waits to be written
        while index < bytes.count {
            let byte = bytes[index]
            if byte >= 0x80, let length = bytes.utf8SequenceLength(at: index) {
                index += length
                continue
            }
            if byte < 0x80, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                index += 1
                continue
            }
            write(bytes.extracting(start..<index))
            write(jsonEscaped: byte)
            index += 1
            start = index
        }
        write(bytes.extracting(start..<index))
        write(UInt8(ascii: "\""))
    }

    private mutating func write(jsonEscaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): write("\\\"")
        case UInt8(ascii: "\\"): write("\\\\")
        case 0x08: write("\\b")
        case 0x09: write("\\t")
        case 0x0A: write("\\n")
        case 0x0C: write("\\f")
        case 0x0D: write("\\r")
        case 0x00..<0x20:
            write(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 0x0F
            write(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        default: write(contentsOf: UTF8.encodedReplacementCharacter)
        }
    }

    private mutating func write(contentsOf octets: some Sequence<UInt8>) {
        for octet in octets { write(octet) }
    }
}
