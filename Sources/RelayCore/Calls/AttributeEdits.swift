internal import SDP
public import WireFormat

/// Changes to `a=` lines of what goes on to the other side (`sdp-attr`); attributes are written without the `a=`.
///
/// An attribute such as `fmtp:101 0-15` is found by its name, `fmtp`, by the name with the first word of its value,
/// `fmtp:101`, or by all of it. Letter case does not matter.
public struct AttributeEdits: Hashable, Sendable {
    /// The changes to the session part, or to the sections of one kind.
    public struct Section: Hashable, Sendable {
        /// An attribute, and what takes its place.
        public struct Substitution: Hashable, Sendable {
            /// The attribute that goes.
            public let attribute: ByteString
            /// The attribute that comes.
            public let replacement: ByteString

            /// Replaces one attribute by another.
            public init(_ attribute: ByteString, with replacement: ByteString) {
                (self.attribute, self.replacement) = (attribute, replacement)
            }
        }

        /// Attributes that go.
        public var remove: [ByteString] = []
        /// Attributes that others take the place of.
        public var substitute: [Substitution] = []
        /// Attributes that are added at the end.
        public var add: [ByteString] = []

        /// Changes nothing.
        public init() {}

        var edit: AttributeEdit {
            var edit = AttributeEdit()
            edit.removed = remove
            edit.substituted = substitute.map { AttributeEdit.Substitution($0.attribute, with: $0.replacement) }
            edit.added = add
            return edit
        }
    }

    /// The part before the first `m=`.
    public var session: Section?
    /// Every section of a media type: `audio`, `video`, …
    public var media: [ByteString: Section] = [:]

    /// Changes nothing.
    public init() {}

    func apply(to rewrite: inout SDPRewrite) {
        rewrite.sessionEdit = session?.edit
        for (type, section) in media { rewrite.mediaEdits[MediaKind(type)] = section.edit }
    }
}
