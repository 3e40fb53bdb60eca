internal import WireFormat

extension ByteWriter {
    /// Writes `<length>:<octets>`.
    mutating func write(bencode octets: ByteString) {
        write(decimal: octets.count)
        write(UInt8(ascii: ":"))
        write(octets)
    }

    /// Writes `<length>:<octets>` of the UTF-8 form of a text.
    mutating func write(bencode text: String) {
        write(decimal: text.utf8.count)
        write(UInt8(ascii: ":"))
        write(text)
    }

    /// Writes `i<number>e`.
    mutating func write(bencode number: Int64) {
        write(UInt8(ascii: "i"))
        write(decimal: number)
        write(UInt8(ascii: "e"))
    }
}
