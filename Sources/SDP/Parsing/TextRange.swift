/// A half-open range of octets in a received body; bodies are at most `SDPLimits.octets` long.
struct TextRange: Equatable, Sendable, BitwiseCopyable {
    private(set) var start: UInt32
    private(set) var end: UInt32

    init(_ start: Int, _ end: Int) {
        (self.start, self.end) = (UInt32(truncatingIfNeeded: start), UInt32(truncatingIfNeeded: end))
    }

    static let empty = TextRange(0, 0)

    var indices: Range<Int> { Int(start)..<Int(end) }
    var count: Int { Int(end) - Int(start) }
    var isEmpty: Bool { start == end }

    /// The rest after `count` octets, or nothing if there are fewer.
    func dropFirst(_ count: Int) -> TextRange { TextRange(min(Int(start) + count, Int(end)), Int(end)) }
}
