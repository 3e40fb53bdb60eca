extension Span where Element == UInt8 {
    /// The length in octets of the well-formed UTF-8 sequence at `offset`, or `nil` (Unicode 16, table 3-7).
    func utf8SequenceLength(at offset: Int) -> Int? {
        let first = self[offset]
        // The range of the second octet excludes overlong forms, surrogates, and what is beyond U+10FFFF.
        let (length, second): (Int, ClosedRange<UInt8>)
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard offset + length <= count, second.contains(self[offset + 1]) else { return nil }
        for index in offset + 2..<offset + length where self[index] & 0xC0 != 0x80 { return nil }
        return length
    }
}
