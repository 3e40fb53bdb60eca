internal import WireFormat

/// Writes the body of a record: a bencoded dictionary with named fields. What has its usual value is left out.
struct BodyWriter {
    private(set) var bytes: ByteWriter
    private var scratch = ByteWriter(capacity: 24)

    init(_ bytes: ByteWriter) { self.bytes = bytes }

    mutating func text(_ octets: [UInt8]) {
        bytes.write(decimal: octets.count)
        bytes.write(UInt8(ascii: ":"))
        bytes.write(octets)
    }

    mutating func text(_ text: String) {
        bytes.write(decimal: text.utf8.count)
        bytes.write(UInt8(ascii: ":"))
        bytes.write(text)
    }

    mutating func integer(_ value: Int64) {
        bytes.write(UInt8(ascii: "i"))
        bytes.write(decimal: value)
        bytes.write(UInt8(ascii: "e"))
    }

    mutating func field(_ name: String, _ value: ByteString?) {
        guard let value else { return }
        text(name)
        text(value.bytes)
    }

    mutating func field(_ name: String, _ value: String?) {
        guard let value else { return }
        text(name)
        text(value)
    }

    mutating func field(_ name: String, _ address: IPAddress?) {
        guard let address else { return }
        text(name)
        text(address, port: nil)
    }

    mutating func field(_ name: String, _ address: TransportAddress?) {
        guard let address else { return }
        text(name)
        text(address.address, port: address.port)
    }

    /// As in `description`.
    private mutating func text(_ address: IPAddress, port: UInt16?) {
        scratch.removeAll()
        if let port, address.family != .ipv4 {
            scratch.write("\(TransportAddress(address, port: port))")
        } else {
            scratch.write(address)
            if let port {
                scratch.write(UInt8(ascii: ":"))
                scratch.write(decimal: UInt64(port))
            }
        }
        text(scratch.bytes)
    }

    /// Numbers beyond 63 bits come out negative, and are read back as what they were.
    mutating func field(_ name: String, _ value: UInt64?) {
        guard let value else { return }
        text(name)
        integer(Int64(bitPattern: value))
    }

    mutating func field(_ name: String, _ value: Int?) {
        guard let value else { return }
        text(name)
        integer(Int64(value))
    }

    /// A list, unless it is empty.
    mutating func list<Item>(_ name: String, _ items: [Item], _ write: (inout BodyWriter, Item) -> Void) {
        guard !items.isEmpty else { return }
        text(name)
        bytes.write(UInt8(ascii: "l"))
        for item in items { write(&self, item) }
        bytes.write(UInt8(ascii: "e"))
    }

    mutating func dictionary(_ write: (inout BodyWriter) -> Void) {
        bytes.write(UInt8(ascii: "d"))
        write(&self)
        bytes.write(UInt8(ascii: "e"))
    }

    mutating func dictionary(_ name: String, _ write: (inout BodyWriter) -> Void) {
        text(name)
        dictionary(write)
    }

    /// The words whose conditions hold, with spaces between them; nothing when there are none.
    mutating func words(_ name: String, _ words: [(String, Bool)]) {
        let holding = words.lazy.filter(\.1).map(\.0)
        guard !holding.isEmpty else { return }
        field(name, holding.joined(separator: " "))
    }
}
