/// Reads a message from front to back, by views into it; nothing is copied and nothing is read twice.
///
/// A read that does not fit leaves the cursor where it was and returns `nil`, so `offset` is always the place to report.
package struct ByteCursor: ~Escapable {
    private let bytes: Span<UInt8>
    /// Index of the next octet, from the start of the message.
    package private(set) var offset: Int

    /// A cursor at the first octet.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) { (self.bytes, offset) = (bytes, 0) }

    /// True when every octet has been read.
    package var isAtEnd: Bool { offset == bytes.count }

    /// The number of octets not yet read.
    package var remaining: Int { bytes.count - offset }

    /// The next octet, without reading it.
    package var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Reads one octet.
    @_lifetime(self: copy self)
    package mutating func next() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// Reads `byte` if it is the next one.
    @_lifetime(self: copy self)
    package mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    /// Reads as many of `byte` as follow each other.
    @_lifetime(self: copy self)
    package mutating func skipAll(_ byte: UInt8) {
        while offset < bytes.count, bytes[offset] == byte { offset += 1 }
    }

    /// Reads the next `count` octets; `nil` if there are fewer.
    @_lifetime(copy self)
    package mutating func take(_ count: Int) -> Span<UInt8>? {
        guard count >= 0, count <= remaining else { return nil }
        let start = offset
        offset += count
        return bytes.extracting(start..<offset)
    }

    /// Reads what is before `delimiter`, and the delimiter, which the result does not contain; `nil` if there is none.
    @_lifetime(copy self)
    package mutating func take(upTo delimiter: UInt8) -> Span<UInt8>? {
        var index = offset
        while index < bytes.count, bytes[index] != delimiter { index += 1 }
        guard index < bytes.count else { return nil }
        let start = offset
        offset = index + 1
        return bytes.extracting(start..<index)
    }

    /// Reads all that is left.
    @_lifetime(copy self)
    package mutating func takeRest() -> Span<UInt8> {
        let start = offset
        offset = bytes.count
        return bytes.extracting(start..<offset)
    }

    /// Reads an unsigned integer in network byte order.
    @_lifetime(self: copy self)
    package mutating func bigEndian<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) -> Value? {
        guard let value: Value = bytes.bigEndian(at: offset) else { return nil }
        offset += MemoryLayout<Value>.size
        return value
    }

    /// Reads one or more decimal digits; `nil` without a digit, or when the number exceeds `limit`.
    ///
    /// Leading zeros are read; a grammar without them looks at `peek` first.
    @_lifetime(self: copy self)
    package mutating func decimal(limit: UInt64 = .max) -> UInt64? {
        var (value, index): (UInt64, Int) = (0, offset)
        while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry, sum <= limit else { return nil }
            (value, index) = (sum, index + 1)
        }
        guard index > offset else { return nil }
        offset = index
        return value
    }
}

extension Array where Element == UInt8 {
    /// Copies a borrowed piece of a message.
    package init(copying bytes: Span<UInt8>) {
        self.init(capacity: bytes.count) { target in
            for index in bytes.indices { target.append(bytes[index]) }
        }
    }
}
