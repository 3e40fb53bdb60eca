internal import WireFormat

/// Reads the flag string that Kamailio scripts contain and may pass on unread (`rtpp-flags`).
///
///     flag key=value key=[item item] key=[key=value key=[item]]
///
/// Words are separated by white space. A group in brackets is a dictionary if its first item has a `=`, else a list. What
/// cannot be understood is reported and skipped; the rest of the string counts.
struct FlagStringParser: ~Escapable {
    enum Word: Equatable {
        case flag(ByteString)
        case value(key: ByteString, NGValue)
    }

    private let bytes: Span<UInt8>
    private var offset = 0
    /// Where something was skipped; no more places than there are words.
    private(set) var malformed: [Int] = []

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// The next flag, or key with its value; `nil` at the end.
    @_lifetime(self: copy self)
    mutating func next() -> Word? {
        while skipSpace() {
            let start = offset
            if bytes[offset] == UInt8(ascii: "[") || bytes[offset] == UInt8(ascii: "]") {
                skipGroup()
                malformed.append(start)
                continue
            }
            let key = word(until: UInt8(ascii: "="))
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "=") else { return .flag(key) }
            offset += 1
            let isGroup = offset < bytes.count && bytes[offset] == UInt8(ascii: "[")
            let value = isGroup ? group(depth: 1) : .string(word(until: nil))
            guard key.isEmpty else { return value == "" ? .flag(key) : .value(key: key, value) }
            malformed.append(start)
        }
        return nil
    }

    /// Goes to the next word; false if there is none.
    @_lifetime(self: copy self)
    private mutating func skipSpace() -> Bool {
        while offset < bytes.count, bytes[offset] <= 0x20 { offset += 1 }
        return offset < bytes.count
    }

    /// Reads up to white space or one of two delimiters.
    @_lifetime(self: copy self)
    private mutating func word(until delimiter: UInt8?, or other: UInt8? = nil) -> ByteString {
        let start = offset
        while offset < bytes.count, bytes[offset] > 0x20, bytes[offset] != delimiter, bytes[offset] != other {
            offset += 1
        }
        return ByteString(Array(copying: bytes.extracting(start..<offset)))
    }

    /// Reads from `[` to the `]` that belongs to it.
    @_lifetime(self: copy self)
    private mutating func group(depth: Int) -> NGValue {
        guard depth <= NGCodec.maximumDepth else {
            malformed.append(offset)
            skipGroup()
            return .list([])
        }
        offset += 1
        return startsWithKey() ? .dictionary(dictionaryBody(depth: depth)) : .list(listBody(depth: depth))
    }

    /// True if the first item of a group has a `=`.
    @_lifetime(self: copy self)
    private mutating func startsWithKey() -> Bool {
        guard skipSpace() else { return false }
        var index = offset
        while index < bytes.count, bytes[index] > 0x20, bytes[index] != UInt8(ascii: "["),
            bytes[index] != UInt8(ascii: "]")
        {
            if bytes[index] == UInt8(ascii: "=") { return index > offset }
            index += 1
        }
        return false
    }

    @_lifetime(self: copy self)
    private mutating func listBody(depth: Int) -> [NGValue] {
        var items: [NGValue] = []
        while skipSpace() {
            switch bytes[offset] {
            case UInt8(ascii: "]"):
                offset += 1
                return items
            case UInt8(ascii: "["): items.append(group(depth: depth + 1))
            default: items.append(.string(word(until: UInt8(ascii: "]"))))
            }
        }
        malformed.append(offset)  // the end came before the bracket
        return items
    }

    @_lifetime(self: copy self)
    private mutating func dictionaryBody(depth: Int) -> NGDictionary {
        var dictionary = NGDictionary()
        while skipSpace() {
            let start = offset
            if bytes[offset] == UInt8(ascii: "]") {
                offset += 1
                return dictionary
            }
            if bytes[offset] == UInt8(ascii: "[") {
                skipGroup()
                malformed.append(start)
                continue
            }
            let key = word(until: UInt8(ascii: "="), or: UInt8(ascii: "]"))
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "=") else {
                malformed.append(start)
                continue
            }
            offset += 1
            let isGroup = offset < bytes.count && bytes[offset] == UInt8(ascii: "[")
            dictionary.append(key, isGroup ? group(depth: depth + 1) : .string(word(until: UInt8(ascii: "]"))))
        }
        malformed.append(offset)
        return dictionary
    }

    /// Skips a bracket and, if it opens, all up to the one that closes it.
    @_lifetime(self: copy self)
    private mutating func skipGroup() {
        var depth = 0
        repeat {
            if bytes[offset] == UInt8(ascii: "[") { depth += 1 }
            if bytes[offset] == UInt8(ascii: "]") { depth -= 1 }
            offset += 1
        } while depth > 0 && offset < bytes.count
    }
}
