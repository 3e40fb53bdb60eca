package import WireFormat

/// An option that the protocol names by a word.
package protocol NGOption: RawRepresentable<UInt8>, CaseIterable, Equatable, Sendable {
    /// Every spelling of every case.
    static var names: NameTable<Self> { get }
}

extension NGOption {
    /// The option that a word names, or `nil`.
    package init?(_ word: ByteString) { self.init(word.bytes.span) }

    init?(_ word: Span<UInt8>) {
        guard let option = Self.names.meaning(of: word) else { return nil }
        self = option
    }

    /// How the option is usually spelled, for logs and warnings.
    package var spelling: String { Self.names.spelling(of: self) }
}
