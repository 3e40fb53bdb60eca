/// Processors by number, and the two ways in which the kernel writes them.
package struct ProcessorSet: Hashable, Sendable, CustomStringConvertible {
    /// No kernel has more (`CONFIG_NR_CPUS`).
    private static let limit = 8192
    private static let wordBits = 32

    /// In order.
    package let numbers: [Int]

    package init(_ numbers: some Sequence<Int>) { self.numbers = Set(numbers).sorted() }

    package static let none = ProcessorSet([])

    package var isEmpty: Bool { numbers.isEmpty }

    package func isSubset(of other: ProcessorSet) -> Bool { Set(numbers).isSubset(of: other.numbers) }

    /// Reads a list: `0-3,8`. `nil` for what is none.
    package init?(list text: some StringProtocol) {
        var numbers: [Int] = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
                (0..<Self.limit).contains(first), (first..<Self.limit).contains(last)
            else { return nil }
            numbers += first...last
        }
        self.init(numbers)
    }

    /// Reads a mask of words of 32 bits, the first one the highest: `ff,00000000`. `nil` for what is none.
    package init?(mask text: some StringProtocol) {
        let words = text.split(separator: ",")
        guard !words.isEmpty, words.count * Self.wordBits <= Self.limit else { return nil }
        var numbers: [Int] = []
        for (place, word) in words.reversed().enumerated() {
            guard let value = UInt32(word, radix: 16) else { return nil }
            numbers += (0..<Self.wordBits).filter { value >> $0 & 1 == 1 }.map { place * Self.wordBits + $0 }
        }
        self.init(numbers)
    }

    /// As the kernel takes a mask.
    package var mask: String {
        let words = (numbers.last ?? 0) / Self.wordBits + 1
        return (0..<words).reversed().map { place in
            let word = numbers.filter { $0 / Self.wordBits == place }.reduce(UInt32(0)) {
                $0 | 1 << UInt32($1 % Self.wordBits)
            }
            let digits = String(word, radix: 16)
            return place == words - 1 ? digits : String(repeating: "0", count: 8 - digits.count) + digits
        }.joined(separator: ",")
    }

    /// As a list.
    package var description: String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
