/// Builds a message from front to back in one buffer, without a `String` or an array per piece.
package struct ByteWriter: Sendable {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    /// An empty message with room for `capacity` octets before the first growth.
    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// The number of octets written so far.
    package var count: Int { bytes.count }

    /// Writes one octet.
    package mutating func write(_ byte: UInt8) { bytes.append(byte) }

    /// Writes octets as they are.
    package mutating func write(_ octets: [UInt8]) { bytes.append(contentsOf: octets) }

    /// Writes octets as they are.
    package mutating func write(_ octets: ArraySlice<UInt8>) { bytes.append(contentsOf: octets) }

    /// Writes octets as they are.
    package mutating func write(_ octets: ByteString) { bytes.append(contentsOf: octets.bytes) }

    /// Writes a borrowed piece of another message.
    package mutating func write(_ octets: Span<UInt8>) { bytes.append(contentsOf: [UInt8](copying: octets)) }

    /// Writes the UTF-8 form of a text.
    package mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes an address as `IPAddress.description` has it; the usual family without a string in between.
    package mutating func write(_ address: IPAddress) {
        guard address.family == .ipv4 else { return write("\(address)") }
        for shift: UInt64 in [24, 16, 8, 0] {
            write(decimal: address.low >> shift & 0xFF)
            if shift > 0 { write(UInt8(ascii: ".")) }
        }
    }

    /// Writes a number in decimal digits, with a leading `-` if it is negative.
    package mutating func write(decimal value: Int64) {
        if value < 0 { write(UInt8(ascii: "-")) }
        write(decimal: value.magnitude)
    }

    /// Writes a number in decimal digits, with a leading `-` if it is negative.
    package mutating func write(decimal value: Int) { write(decimal: Int64(value)) }

    /// Writes a number in decimal digits. Not generic, since it is called from other modules all the time.
    package mutating func write(decimal value: UInt64) {
        if value < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
        // Four bits for each digit, the last one on top: 20 digits are 80 bits.
        var (rest, digits, count) = (value, UInt128(0), 0)
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            (rest, digits, count) = (quotient, digits << 4 | UInt128(digit), count + 1)
        } while rest > 0
        for _ in 0..<count {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits & 0xF))
            digits >>= 4
        }
    }

    /// Writes an unsigned integer in network byte order.
    package mutating func write<Value: FixedWidthInteger & UnsignedInteger>(bigEndian value: Value) {
        var shift = Value.bitWidth
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    /// Overwrites octets written before, for a length that is known only at the end.
    ///
    /// - Returns: false, and nothing changed, if the place is not wholly inside what was written.
    @discardableResult
    package mutating func overwrite<Value: FixedWidthInteger & UnsignedInteger>(bigEndian value: Value, at offset: Int)
        -> Bool
    {
        let size = Value.bitWidth / 8
        guard offset >= 0, offset <= bytes.count - size else { return false }
        for index in 0..<size {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Value(8 * (size - 1 - index)))
        }
        return true
    }

    /// Forgets what was written and keeps the memory, for the next message.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
