package import WireFormat

/// Changes to `a=` lines (`sdp-attr`), of the session and of the media sections of a kind; values without the `a=`.
package struct NGAttributeEdits: Equatable, Sendable {
    package enum Operation: UInt8, NGOption {
        case add, remove, substitute

        package static let names = NameTable<Operation>([
            "add": .add, "remove": .remove, "substitute": .substitute,
        ])
    }

    /// The lines that are changed.
    package enum Section: Hashable, Sendable {
        /// Those of the session, before the first `m=`.
        case session
        /// Those of every media section of this kind.
        case media(NGMediaType)

        private static let names = NameTable<Section>([
            "none": .session, "global": .session, "audio": .media(.audio), "video": .media(.video),
            "text": .media(.text), "application": .media(.application), "message": .media(.message),
            "image": .media(.image),
        ])

        init?(_ word: ByteString) {
            guard let section = Self.names.meaning(of: word.bytes.span) else { return nil }
            self = section
        }
    }

    /// A line and what takes its place.
    package struct Substitution: Equatable, Sendable {
        package let from: ByteString
        package let to: ByteString

        package init(from: ByteString, to: ByteString) { (self.from, self.to) = (from, to) }
    }

    /// The changes to one section.
    package struct Edits: Equatable, Sendable {
        package var add: [ByteString] = []
        package var remove: [ByteString] = []
        package var substitute: [Substitution] = []

        package init() {}
    }

    /// The changes by section.
    package var sections: [Section: Edits] = [:]

    package var isEmpty: Bool { sections.isEmpty }

    /// The changes to one section, empty if there are none.
    package subscript(_ section: Section) -> Edits {
        get { sections[section] ?? Edits() }
        set { sections[section] = newValue }
    }
}
