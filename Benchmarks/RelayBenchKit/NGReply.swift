internal import NGProtocol
internal import WireFormat

/// What a relay answered, as far as the generator wants to know it.
package struct NGReply: Sendable {
    private let dictionary: NGDictionary

    /// `nil` if it is not an NG body.
    package init?(_ body: [UInt8]) {
        guard let dictionary = try? NGCodec.decode(body).dictionary else { return nil }
        self.dictionary = dictionary
    }

    /// `nil` for `ok` and `pong`, otherwise why the relay refused.
    package var refusal: String? {
        let result = dictionary["result"]?.string?.description ?? "no result"
        if result == "ok" || result == "pong" { return nil }
        return (dictionary["error-reason"] ?? dictionary["message"])?.string?.description ?? result
    }

    /// The session description in the reply to an offer or an answer.
    package var audio: AudioDescription? { dictionary["sdp"]?.string.flatMap { AudioDescription($0.bytes) } }

    /// The Call-IDs in the reply to a `list`.
    package var calls: Set<String>? {
        dictionary["calls"]?.list.map { Set($0.compactMap { $0.string?.description }) }
    }

    /// A counter over the whole call in the reply to a query: `kind` is `RTP` or `RTCP`, `counter` `packets`, `bytes`
    /// or `errors`.
    package func total(_ kind: String, _ counter: String) -> Int64? {
        dictionary["totals"]?.dictionary?[kind]?.dictionary?[counter]?.number
    }

    /// Whether a body is plainly a success, without decoding it: relays write `result` last.
    ///
    /// `false` only means that one has to look closer.
    package static func isPlainlyOK(_ body: some BidirectionalCollection<UInt8>) -> Bool {
        body.suffix(plainOK.count).elementsEqual(plainOK)
    }

    private static let plainOK = Array("6:result2:oke".utf8)
}
