package import WireFormat

/// A message of the NG protocol: a cookie, one space, a dictionary in bencode or JSON.
///
/// The cookie ties the reply to its command. A retransmission carries the same cookie and the same body.
package struct NGMessage: Sendable {
    /// What comes before the first space; any octets, never empty.
    package let cookie: ByteString
    /// What comes after the first space, not yet looked at; may be empty.
    package let body: ArraySlice<UInt8>

    /// Splits a datagram; `nil` without a cookie, and then no reply may be sent.
    package init?(datagram: [UInt8]) { self.init(datagram[...]) }

    /// Splits one message of a stream, as `NGStreamFramer` measured it; `nil` without a cookie.
    package init?(_ message: ArraySlice<UInt8>) {
        guard let space = message.firstIndex(of: UInt8(ascii: " ")), space > message.startIndex else { return nil }
        cookie = ByteString(Array(message[..<space]))
        body = message[(space + 1)...]
    }

    /// The whole datagram that answers this message.
    package func reply(_ dictionary: NGDictionary, as format: NGBodyFormat) -> [UInt8] {
        var writer = ByteWriter(capacity: cookie.count + 512)  // most replies are an SDP and fit into that
        writer.write(cookie)
        writer.write(UInt8(ascii: " "))
        NGCodec.encode(dictionary, as: format, into: &writer)
        return writer.bytes
    }
}
