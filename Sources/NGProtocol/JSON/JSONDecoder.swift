internal import WireFormat

/// Reads one JSON object (RFC 8259) as an NG dictionary.
///
/// What JSON can say and the protocol cannot: `true` and `false` are 1 and 0, `null` is as if the key or item were not there,
/// a fraction is cut off, and a number with an exponent or beyond 64 bits is refused. Strings must be UTF-8, and are octets
/// from then on; control characters in them need no escape, for clients that paste an SDP as it is.
struct JSONDecoder: ~Escapable {
    private let bytes: Span<UInt8>
    private var cursor: ByteCursor
    private var depth = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { (self.bytes, cursor) = (bytes, ByteCursor(bytes)) }

    /// Reads the object, after which nothing but white space may follow.
    @_lifetime(self: copy self)
    mutating func document() throws(NGError) -> NGDictionary {
        guard cursor.skip(UInt8(ascii: "{")) else { throw error() }
        let dictionary = try objectBody()
        skipSpace()
        guard cursor.isAtEnd else { throw error() }
        return dictionary
    }

    private func error(_ reason: NGError.Reason = .invalidJSON) -> NGError { NGError(reason, at: cursor.offset) }

    /// Reads any value; `nil` is `null`.
    @_lifetime(self: copy self)
    private mutating func value() throws(NGError) -> NGValue? {
        guard let first = cursor.peek else { throw error() }
        switch first {
        case UInt8(ascii: "\""):
            _ = cursor.next()
            return .string(try stringBody())
        case UInt8(ascii: "{"):
            _ = cursor.next()
            return .dictionary(try objectBody())
        case UInt8(ascii: "["):
            _ = cursor.next()
            return .list(try arrayBody())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try number())
        case UInt8(ascii: "t"): return try word("true", means: .integer(1))
        case UInt8(ascii: "f"): return try word("false", means: .integer(0))
        case UInt8(ascii: "n"): return try word("null", means: nil)
        default: throw error()
        }
    }

    /// Reads members up to `}`.
    @_lifetime(self: copy self)
    private mutating func objectBody() throws(NGError) -> NGDictionary {
        try enter()
        var entries: [NGDictionary.Entry] = []
        skipSpace()
        if !cursor.skip(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                try expect(UInt8(ascii: "\""))
                let key = try stringBody()
                skipSpace()
                try expect(UInt8(ascii: ":"))
                skipSpace()
                if let value = try value() { entries.append(.init(key: key, value: value)) }
                skipSpace()
            } while cursor.skip(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"))
        }
        depth -= 1
        return NGDictionary(entries)
    }

    /// Reads items up to `]`.
    @_lifetime(self: copy self)
    private mutating func arrayBody() throws(NGError) -> [NGValue] {
        try enter()
        var items: [NGValue] = []
        skipSpace()
        if !cursor.skip(UInt8(ascii: "]")) {
            repeat {
                skipSpace()
                if let item = try value() { items.append(item) }
                skipSpace()
            } while cursor.skip(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"))
        }
        depth -= 1
        return items
    }

    @_lifetime(self: copy self)
    private mutating func enter() throws(NGError) {
        guard depth < NGCodec.maximumDepth else { throw error(.invalidJSONDictionary) }
        depth += 1
    }

    @_lifetime(self: copy self)
    private mutating func expect(_ byte: UInt8) throws(NGError) {
        guard cursor.skip(byte) else { throw error() }
    }

    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while let byte = cursor.peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { _ = cursor.next() }
    }

    @_lifetime(self: copy self)
    private mutating func word(_ name: StaticString, means value: NGValue?) throws(NGError) -> NGValue? {
        for byte in "\(name)".utf8 { try expect(byte) }
        return value
    }

    /// Reads `[-]int[.frac]`.
    @_lifetime(self: copy self)
    private mutating func number() throws(NGError) -> Int64 {
        let isNegative = cursor.skip(UInt8(ascii: "-"))
        var magnitude: UInt64 = 0
        if !cursor.skip(UInt8(ascii: "0")) {
            guard let digit = cursor.peek, digit &- UInt8(ascii: "0") < 10 else { throw error() }
            guard let digits = cursor.decimal(limit: UInt64(Int64.max) + (isNegative ? 1 : 0)) else {
                throw error(.invalidJSONDictionary)
            }
            magnitude = digits
        }
        if cursor.skip(UInt8(ascii: ".")) {
            guard let digit = cursor.next(), digit &- UInt8(ascii: "0") < 10 else { throw error() }
            while let digit = cursor.peek, digit &- UInt8(ascii: "0") < 10 { _ = cursor.next() }
        }
        if let byte = cursor.peek, byte | 0x20 == UInt8(ascii: "e") { throw error(.invalidJSONDictionary) }
        return isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude)
    }
}

extension JSONDecoder {
    /// Reads up to the closing quote.
    @_lifetime(self: copy self)
    private mutating func stringBody() throws(NGError) -> ByteString {
        var octets: [UInt8] = []
        while let byte = cursor.peek, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\") {
                _ = cursor.next()
                try escape(into: &octets)
                continue
            }
            guard let length = bytes.utf8SequenceLength(at: cursor.offset), let sequence = cursor.take(length) else {
                throw error()
            }
            for index in sequence.indices { octets.append(sequence[index]) }
        }
        try expect(UInt8(ascii: "\""))
        return ByteString(octets)
    }

    /// Reads what follows a backslash.
    @_lifetime(self: copy self)
    private mutating func escape(into octets: inout [UInt8]) throws(NGError) {
        switch cursor.next() {
        case UInt8(ascii: "\""): octets.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): octets.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): octets.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): octets.append(0x08)
        case UInt8(ascii: "f"): octets.append(0x0C)
        case UInt8(ascii: "n"): octets.append(0x0A)
        case UInt8(ascii: "r"): octets.append(0x0D)
        case UInt8(ascii: "t"): octets.append(0x09)
        case UInt8(ascii: "u"):
            var code = try fourHexadecimalDigits()
            if code & 0xFC00 == 0xD800 {  // the first half of a pair; half a pair is no character
                try expect(UInt8(ascii: "\\"))
                try expect(UInt8(ascii: "u"))
                let second = try fourHexadecimalDigits()
                guard second & 0xFC00 == 0xDC00 else { throw error() }
                code = 0x10000 + (code & 0x3FF) << 10 + second & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else { throw error() }
            octets.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw error()
        }
    }

    @_lifetime(self: copy self)
    private mutating func fourHexadecimalDigits() throws(NGError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = cursor.next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error()
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
