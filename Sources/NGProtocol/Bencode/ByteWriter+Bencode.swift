internal import WireFormat

extension ByteWriter {
    /// Writes `d…e`, the entries in their order.
    mutating func write(bencode dictionary: NGDictionary) {
        write(UInt8(ascii: "d"))
        for entry in dictionary.entries {
            write(bencode: entry.key)
            write(bencode: entry.value)
        }
        write(UInt8(ascii: "e"))
    }

    private mutating func write(bencode value: NGValue) {
        switch value {
        case .string(let octets): write(bencode: octets)
        case .integer(let number):
            write(UInt8(ascii: "i"))
            write(decimal: number)
            write(UInt8(ascii: "e"))
        case .list(let items):
            write(UInt8(ascii: "l"))
            for item in items { write(bencode: item) }
            write(UInt8(ascii: "e"))
        case .dictionary(let dictionary): write(bencode: dictionary)
        }
    }

    private mutating func write(bencode octets: ByteString) {
        write(decimal: octets.count)
        write(UInt8(ascii: ":"))
        write(octets)
    }
}
