internal import WireFormat

/// Reads one bencoded dictionary: `d…e`, `l…e`, `i<number>e` and `<length>:<octets>`.
///
/// Stricter than the usual reader where nobody sends it (`-0`, `+1`, leading zeros, numbers beyond 64 bits), more lenient
/// where NG is (order of keys, a key twice).
struct BencodeDecoder: ~Escapable {
    private var cursor: ByteCursor
    private var depth = 0
    /// Most requests have no more.
    private static let usualEntries = 12

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { cursor = ByteCursor(bytes) }

    /// Reads the dictionary at the start; what follows it is not looked at.
    @_lifetime(self: copy self)
    mutating func document() throws(NGError) -> NGDictionary {
        guard cursor.skip(UInt8(ascii: "d")) else { throw error() }
        return try dictionaryBody()
    }

    private func error() -> NGError { NGError(.invalidBencode, at: cursor.offset) }

    /// Reads any value.
    @_lifetime(self: copy self)
    private mutating func value() throws(NGError) -> NGValue {
        guard let first = cursor.peek else { throw error() }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return .string(try string())
        case UInt8(ascii: "i"):
            _ = cursor.next()
            return .integer(try integerBody())
        case UInt8(ascii: "l"):
            _ = cursor.next()
            return .list(try listBody())
        case UInt8(ascii: "d"):
            _ = cursor.next()
            return .dictionary(try dictionaryBody())
        default: throw error()
        }
    }

    /// Reads entries up to `e`.
    @_lifetime(self: copy self)
    private mutating func dictionaryBody() throws(NGError) -> NGDictionary {
        try enter()
        var entries: [NGDictionary.Entry] = []
        if depth == 1 { entries.reserveCapacity(Self.usualEntries) }
        while !cursor.skip(UInt8(ascii: "e")) {
            let key = try string()
            entries.append(.init(key: key, value: try value()))
        }
        depth -= 1
        return NGDictionary(entries)
    }

    /// Reads items up to `e`.
    @_lifetime(self: copy self)
    private mutating func listBody() throws(NGError) -> [NGValue] {
        try enter()
        var items: [NGValue] = []
        while !cursor.skip(UInt8(ascii: "e")) { items.append(try value()) }
        depth -= 1
        return items
    }

    @_lifetime(self: copy self)
    private mutating func enter() throws(NGError) {
        guard depth < NGCodec.maximumDepth else { throw error() }
        depth += 1
    }

    /// Reads `<length>:<octets>`.
    @_lifetime(self: copy self)
    private mutating func string() throws(NGError) -> ByteString {
        let length = try digits(limit: UInt64(cursor.remaining))
        guard cursor.skip(UInt8(ascii: ":")), let octets = cursor.take(Int(length)) else { throw error() }
        if let word = CommonWord.exactly(octets) { return word }
        return ByteString(octets)
    }

    /// Reads `[-]<number>e`.
    @_lifetime(self: copy self)
    private mutating func integerBody() throws(NGError) -> Int64 {
        let isNegative = cursor.skip(UInt8(ascii: "-"))
        let magnitude = try digits(limit: UInt64(Int64.max) + (isNegative ? 1 : 0))
        guard cursor.skip(UInt8(ascii: "e")), !(isNegative && magnitude == 0) else { throw error() }
        return isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude)
    }

    /// Reads decimal digits without a leading zero.
    @_lifetime(self: copy self)
    private mutating func digits(limit: UInt64) throws(NGError) -> UInt64 {
        if cursor.skip(UInt8(ascii: "0")) { return 0 }
        guard let value = cursor.decimal(limit: limit) else { throw error() }
        return value
    }
}
