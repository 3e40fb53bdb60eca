package import WireFormat

/// The SDP of one G.711 A-law stream: what the generator offers, and what it has to understand of a relay's reply.
package struct AudioDescription: Equatable, Sendable {
    /// Where this party receives RTP.
    package let rtp: TransportAddress
    /// The RTCP port at the same address: `a=rtcp` (RFC 3605), otherwise the next one up (RFC 3550 §11).
    package let rtcpPort: UInt16

    package init(rtp: TransportAddress, rtcpPort: UInt16) { (self.rtp, self.rtcpPort) = (rtp, rtcpPort) }

    /// Where this party receives RTCP.
    package var rtcp: TransportAddress { rtp.with(port: rtcpPort) }

    /// The text, as a telephone would write it.
    package var text: String {
        let address = "IN \(rtp.address.family.sdpName) \(rtp.address)"
        return [
            "v=0", "o=- 1 1 \(address)", "s=-", "c=\(address)", "t=0 0", "m=audio \(rtp.port) RTP/AVP 8",
            "a=rtpmap:8 PCMA/8000", "a=sendrecv", "a=rtcp:\(rtcpPort)", "a=ptime:20", "",
        ].joined(separator: "\r\n")
    }

    /// Reads the first `m=audio` section; `nil` if there is none, it is rejected (port 0), or has no literal address.
    package init?(_ sdp: [UInt8]) {
        var (session, media): (IPAddress?, IPAddress?)
        var (port, rtcpPort): (UInt16?, UInt16?)
        lines: for line in sdp.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let text = String(decoding: line, as: UTF8.self)
            let words = text.dropFirst(2).split(separator: " ")
            switch text.prefix(2) {
            case "m=":
                if port != nil { break lines }
                guard words.count >= 2, words[0] == "audio" else { continue }
                port = UInt16(words[1])
            case "c=":
                guard words.count >= 3 else { return nil }
                let address = IPAddress(words[2])
                if port == nil { session = session ?? address } else { media = address }
            case "a=" where port != nil && text.hasPrefix("a=rtcp:"):
                rtcpPort = text.dropFirst(7).split(separator: " ").first.flatMap { UInt16($0) }
            default: continue
            }
        }
        guard let port, port > 0, let address = media ?? session else { return nil }
        self.init(rtp: TransportAddress(address, port: port), rtcpPort: rtcpPort ?? (port == .max ? port : port + 1))
    }
}
