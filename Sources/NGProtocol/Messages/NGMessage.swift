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
        reply(as: format, capacity: 512) { $0.dictionary(dictionary) }  // most replies are an SDP and fit into that
    }

    /// The whole datagram that answers this message.
    ///
    /// - Parameters:
    ///   - capacity: about how long the body will be, in octets.
    ///   - body: writes one dictionary.
    package func reply(as format: NGBodyFormat, capacity: Int, _ body: (inout NGWriter) -> Void) -> [UInt8] {
        var output = ByteWriter(capacity: cookie.count + 1 + capacity)
        output.write(cookie)
        output.write(UInt8(ascii: " "))
        var writer = NGWriter(output, as: format)
        body(&writer)
        return writer.bytes
    }
}
