internal import WireFormat

/// The words that requests consist of, each of them once: a message that is read has them without memory of its own.
enum CommonWord {
    private static let words = NameTable<ByteString>(
        [
            NGKey.names.spellings, NGFlag.names.spellings, NGFeature.names.spellings, NGReplace.names.spellings,
            NGRTCPMux.names.spellings, NGICE.names.spellings, NGTransportProtocol.names.spellings,
            NGCommand.allCases.map(\.rawValue),
        ].joined().map { ($0, ByteString($0)) })

    /// The word with exactly these octets, if it is one of them.
    static func exactly(_ octets: Span<UInt8>) -> ByteString? {
        guard let word = words.meaning(of: octets), word.count == octets.count else { return nil }
        let bytes = word.bytes.span
        for index in octets.indices where bytes[index] != octets[index] { return nil }
        return word
    }
}
