import WireFormat

/// A SIP message, as far as these tests read it.
struct SIPMessage {
    let callID: String
    /// The method of a request, the code of a response.
    let kind: String
    /// The connection address and the port of the first media description (RFC 8866 §5.7, §5.14).
    let media: TransportAddress?

    /// `nil` when the bytes are no SIP message.
    init?(_ bytes: [UInt8]) {
        // Spares RTP, version 2, the conversion.
        guard let first = bytes.first, first < 0x80 else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        func value(after prefix: String) -> Substring? {
            lines.first { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        }
        guard let start = lines.first, start.contains("SIP/2.0"), let callID = value(after: "Call-ID: ") else {
            return nil
        }
        self.callID = String(callID)
        let words = start.split(separator: " ")
        kind = String(start.hasPrefix("SIP/2.0 ") ? words[1] : words[0])
        if let address = value(after: "c=IN IP4 ").flatMap({ IPAddress($0) }),
            let port = value(after: "m=audio ")?.split(separator: " ").first.flatMap({ UInt16($0) })
        {
            media = TransportAddress(address, port: port)
        } else {
            media = nil
        }
    }
}
