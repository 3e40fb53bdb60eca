import WireFormat

/// Reading the little that SDP is made of: tokens, blanks and decimal numbers. Nothing here can fail by trapping.
extension Span where Element == UInt8 {
    /// Compares with an ASCII text.
    func equalsIgnoringCase(_ text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        var index = 0
        for byte in text.utf8 {
            guard self[index].asciiLowercased == byte.asciiLowercased else { return false }
            index += 1
        }
        return true
    }

    /// Whether `range` begins with an ASCII text, in the same letter case.
    func hasPrefix(_ prefix: String, at range: TextRange) -> Bool {
        guard prefix.utf8.count <= range.count else { return false }
        var index = range.indices.lowerBound
        for byte in prefix.utf8 {
            guard self[index] == byte else { return false }
            index += 1
        }
        return true
    }

    /// The first `byte` in `range`.
    func firstIndex(of byte: UInt8, in range: TextRange) -> Int? {
        for index in range.indices where self[index] == byte { return index }
        return nil
    }

    /// Takes the next word, skipping blanks before it; `nil` at the end.
    func nextToken(in rest: inout TextRange) -> TextRange? {
        let end = rest.indices.upperBound
        var start = rest.indices.lowerBound
        while start < end, self[start] == UInt8(ascii: " ") { start += 1 }
        var stop = start
        while stop < end, self[stop] != UInt8(ascii: " ") { stop += 1 }
        rest = TextRange(stop, end)
        return start < stop ? TextRange(start, stop) : nil
    }

    /// What is left after the blanks at the beginning.
    func skippingBlanks(_ range: TextRange) -> TextRange {
        var rest = range
        while !rest.isEmpty, self[rest.indices.lowerBound] == UInt8(ascii: " ") { rest = rest.dropFirst(1) }
        return rest
    }

    /// What is left before the blanks at the end.
    func trimmingTrailingBlanks(_ range: TextRange) -> TextRange {
        var end = range.indices.upperBound
        while end > range.indices.lowerBound, self[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return TextRange(range.indices.lowerBound, end)
    }

    /// A number that fills the whole range, digits only.
    func decimal(in range: TextRange, atMost limit: Int) -> Int? {
        guard let (value, length) = decimalPrefix(in: range, atMost: limit), length == range.count else { return nil }
        return value
    }

    /// The digits at the beginning of a range, and how many they are; `nil` when there are none or the number is
    /// greater than `limit`.
    func decimalPrefix(in range: TextRange, atMost limit: Int) -> (value: Int, length: Int)? {
        var (value, length) = (0, 0)
        for index in range.indices {
            guard let digit = self[index].decimalDigit else { break }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            guard !overflows, product <= limit - Int(digit) else { return nil }
            value = product + Int(digit)
            length += 1
        }
        return length > 0 ? (value, length) : nil
    }

    /// A number as C's `strtol` reads it: optional sign, leading digits, 0 if there are none, and held at the limits.
    func signedDecimalPrefix(in range: TextRange) -> Int {
        var rest = skippingBlanks(range)
        var isNegative = false
        if !rest.isEmpty, self[rest.indices.lowerBound] == UInt8(ascii: "-") {
            isNegative = true
            rest = rest.dropFirst(1)
        } else if !rest.isEmpty, self[rest.indices.lowerBound] == UInt8(ascii: "+") {
            rest = rest.dropFirst(1)
        }
        guard !rest.isEmpty, self[rest.indices.lowerBound].decimalDigit != nil else { return 0 }
        let magnitude = decimalPrefix(in: rest, atMost: .max)?.value ?? .max
        return isNegative ? -magnitude : magnitude
    }

    /// The address after a network type: `IP4 192.0.2.1` or `IP6 2001:db8::1`, nothing behind it.
    ///
    /// A host name, an address of the other family or a multicast suffix is none: we could not relay to it.
    func connectionAddress(_ networkType: TextRange, in rest: inout TextRange) -> IPAddress? {
        guard extracting(networkType.indices).equalsIgnoringCase("IN"), let type = nextToken(in: &rest),
            let literal = nextToken(in: &rest), nextToken(in: &rest) == nil,
            let address = IPAddress(extracting(literal.indices)),
            extracting(type.indices).equalsIgnoringCase(address.family.sdpName)
        else { return nil }
        return address
    }
}

extension UInt8 {
    var asciiLowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }

    var decimalDigit: UInt8? {
        self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") ? self - UInt8(ascii: "0") : nil
    }

    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
}
