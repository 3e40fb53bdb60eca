internal import WireFormat

/// Commands as they go over the wire: `*COUNT`, then `$LENGTH` and the octets of each word.
struct RedisCommand {
    private(set) var bytes: ByteWriter
    private var announced = 0
    private var written = 0
    /// How many replies will come.
    private(set) var count = 0

    init() { bytes = ByteWriter(capacity: 4096) }

    /// Begins a command of so many words, its name included.
    mutating func begin(_ words: Int) {
        precondition(written == announced, "the command before lacks words")
        (announced, written, count) = (words, 0, count + 1)
        bytes.write(UInt8(ascii: "*"))
        bytes.write(decimal: words)
        bytes.write("\r\n")
    }

    mutating func word(_ octets: [UInt8]) {
        bytes.write(UInt8(ascii: "$"))
        bytes.write(decimal: octets.count)
        bytes.write("\r\n")
        bytes.write(octets)
        bytes.write("\r\n")
        written += 1
    }

    mutating func word(_ text: String) { word(Array(text.utf8)) }

    mutating func word(_ number: Int) {
        var digits = ByteWriter(capacity: 20)
        digits.write(decimal: number)
        word(digits.bytes)
    }

    mutating func word(_ number: UInt64) {
        var digits = ByteWriter(capacity: 20)
        digits.write(decimal: number)
        word(digits.bytes)
    }

    /// A whole command of text words.
    mutating func add(_ words: String...) {
        begin(words.count)
        for text in words { word(text) }
    }

    mutating func removeAll() {
        bytes.removeAll()
        (announced, written, count) = (0, 0, 0)
    }
}
