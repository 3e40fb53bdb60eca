/// Finds the end of a bencoded dictionary that arrives in pieces, looking at every octet once.
///
/// It follows lengths and nesting and builds nothing; that keys are strings and come in pairs is the decoder's business.
struct BencodeScanner: Sendable {
    enum Outcome: Equatable {
        /// The dictionary ends before the next octet.
        case complete
        /// All octets were looked at and the end was not among them.
        case needsMore
        /// The octet that the scanner stands at cannot be there.
        case invalid
    }

    private enum State: Sendable { case value, length(Int), octets(Int), sign, number(digits: Int) }

    /// As many digits as a number may have; more cannot be one of 64 bits.
    private static let maximumDigits = 19

    private var state = State.value
    private var depth = 0
    /// Where the scanner stands, from where it began.
    private(set) var offset = 0

    /// Goes on in `bytes`, whose first octet is where the dictionary begins, in every call.
    mutating func scan(_ bytes: Span<UInt8>) -> Outcome {
        while offset < bytes.count {
            if case .octets(let left) = state {
                let step = min(left, bytes.count - offset)
                offset += step
                state = step == left ? .value : .octets(left - step)
                continue
            }
            guard step(bytes[offset]) else { return .invalid }
            offset += 1
            if depth == 0 { return .complete }
        }
        return .needsMore
    }

    /// Takes one octet that is not inside a string.
    private mutating func step(_ byte: UInt8) -> Bool {
        switch (state, byte) {
        case (.value, UInt8(ascii: "d")), (.value, UInt8(ascii: "l")):
            guard depth > 0 || byte == UInt8(ascii: "d") else { return false }
            depth += 1
            return depth <= NGCodec.maximumDepth
        case (.value, UInt8(ascii: "e")) where depth > 0: depth -= 1
        case (.value, UInt8(ascii: "i")) where depth > 0: state = .sign
        case (.value, UInt8(ascii: "0")...UInt8(ascii: "9")) where depth > 0:
            state = .length(Int(byte - UInt8(ascii: "0")))
        case (.length(let length), UInt8(ascii: "0")...UInt8(ascii: "9")):
            let longer = length * 10 + Int(byte - UInt8(ascii: "0"))
            guard longer <= NGCodec.maximumMessageLength else { return false }
            state = .length(longer)
        case (.length(let length), UInt8(ascii: ":")): state = length == 0 ? .value : .octets(length)
        case (.sign, UInt8(ascii: "-")): state = .number(digits: 0)
        case (.sign, UInt8(ascii: "0")...UInt8(ascii: "9")): state = .number(digits: 1)
        case (.number(let digits), UInt8(ascii: "0")...UInt8(ascii: "9")) where digits < Self.maximumDigits:
            state = .number(digits: digits + 1)
        case (.number(1...), UInt8(ascii: "e")): state = .value
        default: return false
        }
        return true
    }
}
