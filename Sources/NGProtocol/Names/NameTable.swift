internal import WireFormat

/// Finds what a word of the protocol means, without making a `String` or an array of it.
///
/// Words are compared without regard to case, and `-`, `_` and space are the same. The table is built once, from names in the
/// program; what a peer sends is only looked up, so no peer can make it slow.
package struct NameTable<Meaning: Equatable & Sendable>: Sendable {
    /// Where in `names` a folded name is. No reference in here: a look-up counts none up and down.
    private struct Slot: Sendable {
        let range: Range<Int>
        let meaning: Meaning
    }

    private let entries: [(spelling: String, meaning: Meaning)]
    private let slots: [Slot?]
    private let names: [UInt8]
    private let longest: Int

    /// A table of spellings; of several for one meaning the first is how it is written in logs and warnings.
    package init(_ entries: KeyValuePairs<String, Meaning>) { self.init(entries.map { ($0, $1) }) }

    /// The same, of a list.
    init(_ entries: [(spelling: String, meaning: Meaning)]) {
        self.entries = entries
        var size = 8
        while size < 2 * entries.count { size *= 2 }  // at most half full, so every search ends at an empty slot
        var (slots, names) = ([Slot?](repeating: nil, count: size), [UInt8]())
        for (spelling, meaning) in entries {
            let name = spelling.utf8.map(Self.fold)
            var index = Int(truncatingIfNeeded: Self.hash(name.span)) & (size - 1)
            while slots[index] != nil { index = (index + 1) & (size - 1) }
            slots[index] = Slot(range: names.count..<names.count + name.count, meaning: meaning)
            names += name
        }
        (self.slots, self.names) = (slots, names)
        longest = entries.map(\.spelling.utf8.count).max() ?? 0
    }

    /// What the word means, or `nil` if it is not in the table.
    package func meaning(of word: Span<UInt8>) -> Meaning? {
        guard word.count <= longest else { return nil }
        var index = Int(truncatingIfNeeded: Self.hash(word)) & (slots.count - 1)
        while let slot = slots[index] {
            if Self.isEqual(word, names.span.extracting(slot.range)) { return slot.meaning }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    /// How a meaning is usually spelled.
    package func spelling(of meaning: Meaning) -> String {
        entries.first { $0.meaning == meaning }?.spelling ?? "\(meaning)"
    }

    /// All spellings, for tests.
    package var spellings: [String] { entries.map(\.spelling) }

    /// The longest name that `word` starts with, and how long that is: for names that end where the rest of a word begins.
    func prefix(of word: Span<UInt8>) -> (meaning: Meaning, length: Int)? {
        var length = min(word.count, longest)
        while length > 0 {
            if let meaning = meaning(of: word.extracting(first: length)) { return (meaning, length) }
            length -= 1
        }
        return nil
    }

    private static func fold(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: " "), UInt8(ascii: "_"): UInt8(ascii: "-")
        default: byte
        }
    }

    /// Over the folded octets.
    private static func hash(_ word: Span<UInt8>) -> UInt64 {
        var digest = OctetDigest()
        for index in word.indices { digest.add(fold(word[index])) }
        return digest.value ^ digest.value >> 32
    }

    private static func isEqual(_ word: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
        guard word.count == name.count else { return false }
        for index in word.indices where fold(word[index]) != name[index] { return false }
        return true
    }
}
