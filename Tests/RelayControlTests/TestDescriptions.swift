/// Session descriptions as phones send them.
enum SDPText {
    /// Alice's INVITE, with a payload type that has no `rtpmap`, and an attribute that nobody knows.
    static let invite = lines(
        "v=0", "o=alice 111 222 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=0 0",
        "m=audio 4000 RTP/AVP 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv", "a=X-foo:bar")

    /// Bob's 200 OK.
    static let ok = lines(
        "v=0", "o=bob 333 444 IN IP4 198.51.100.2", "s=B", "c=IN IP4 198.51.100.2", "t=0 0",
        "m=audio 5000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=sendrecv")

    /// One audio line from an address and port, with attributes after it.
    static func audio(
        at address: String = "198.51.100.1", port: Int = 4000, family: String = "IP4", _ attributes: String...
    ) -> String {
        lines(
            "v=0", "o=- 1 1 IN \(family) \(address)", "s=-", "c=IN \(family) \(address)", "t=0 0",
            "m=audio \(port) RTP/AVP 8") + attributes.map { "\($0)\r\n" }.joined()
    }

    static func lines(_ lines: String...) -> String { lines.map { "\($0)\r\n" }.joined() }
}
