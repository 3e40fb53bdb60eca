import SDP
import WireFormat

/// Addresses of the documentation ranges (RFC 5737, RFC 3849): ours, and where we tell the peers to send.
let relayAddress = IPAddress(ipv4: 0xCB00_7101)  // 203.0.113.1
let relayAddress6 = IPAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1)

/// Lines with CRLF; leading and trailing line feeds of the literal do not count.
func body(_ lines: String) -> [UInt8] {
    Array(lines.split(separator: "\n").joined(separator: "\r\n").utf8) + Array("\r\n".utf8)
}

func parse(_ lines: String) throws(SDPError) -> SDPDocument { try SDPDocument(parsing: body(lines)) }

/// What `lines` becomes, with plain line feeds for reading; the output must not contain any others.
func rewrite(_ lines: String, _ media: [MediaRewrite], origin: IPAddress? = nil) throws -> String {
    var change = SDPRewrite()
    (change.media, change.originAddress) = (media, origin)
    return try text(parse(lines).composed(with: change))
}

func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        .joined(separator: "\n")
}

/// A section on port 30000 with RTCP on 30001.
func relayed(_ change: (inout RelayedMedia) -> Void = { _ in }) -> MediaRewrite {
    var media = RelayedMedia(port: 30000, address: relayAddress)
    media.rtcp = .port(30001)
    change(&media)
    return .relayed(media)
}

/// Around a media section.
func session(_ rest: String) -> String {
    "v=0\no=- 1 1 IN IP4 198.51.100.1\ns=-\nc=IN IP4 198.51.100.1\nt=0 0\n" + rest
}

let aliceOffer = """
    v=0
    o=alice 111 222 IN IP4 198.51.100.1
    s=-
    c=IN IP4 198.51.100.1
    t=0 0
    m=audio 4000 RTP/AVP 8 0 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=ptime:20
    a=sendrecv
    a=X-foo:bar
    """
