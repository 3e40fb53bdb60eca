package import WireFormat

/// The version of the `o=` line.
package enum SDPVersion: Sendable {
    /// The sender's, as it came.
    case keep
    case number(UInt64)
}

/// The `a=rtcp` line (RFC 3605).
package enum RTCPLine: Sendable {
    case omitted
    case port(UInt16)
    /// With the address, for peers that insist.
    case full(UInt16, IPAddress)
}

/// What to change in a session description on its way to the other side; `nil` keeps what the sender wrote.
package struct SDPRewrite: Sendable {
    package var username: ByteString?
    package var sessionID: ByteString?
    package var version = SDPVersion.keep
    package var originAddress: IPAddress?
    package var sessionName: ByteString?
    /// Written as `a=rtpengine`; without it there is no such line, whatever came in.
    package var loopMarker: ByteString?
    /// One for each of the sender's sections; those missing are rejected.
    package var media: [MediaRewrite] = []
    /// Rejected sections that the sender did not write, in order.
    package var insertions: [Insertion] = []
    /// Done to the finished session part, and to every section of a kind (`sdp-attr` of the NG protocol).
    package var sessionEdit: AttributeEdit?
    package var mediaEdits: [MediaKind: AttributeEdit] = [:]

    /// A rejected section that the sender did not write.
    package struct Insertion: Sendable {
        /// Before which of the sender's sections.
        let position: Int
        let type: ByteString
        let transport: TransportProtocol
        let payloadTypes: [UInt8]
        let family: AddressFamily
        let mid: ByteString?

        package init(
            position: Int, type: ByteString, transport: TransportProtocol, payloadTypes: [UInt8],
            family: AddressFamily, mid: ByteString?
        ) {
            (self.position, self.type, self.transport) = (position, type, transport)
            (self.payloadTypes, self.family, self.mid) = (payloadTypes, family, mid)
        }
    }

    /// Changes nothing in the session and rejects all media.
    package init() {}
}

/// What becomes of one media section.
package enum MediaRewrite: Sendable {
    /// Line for line as it came, with the session's `c=` if it has none of its own.
    case verbatim
    /// Port 0 and nothing else of interest (RFC 3264 §6).
    case rejected(family: AddressFamily, mid: ByteString?)
    case relayed(RelayedMedia)
    /// Left out: the receiver does not know of it.
    case omitted
}

/// A media section that leads through us.
package struct RelayedMedia: Sendable {
    package var port: UInt16
    /// For the `c=` line.
    package var address: IPAddress
    package var rtcp = RTCPLine.omitted
    package var rtcpMux = false
    package var direction = MediaDirection.sendrecv
    /// Writes what the sender said about the direction, if anything, in place of `direction`.
    package var keepsDirectionLine = false
    /// `nil`: the sender's.
    package var transport: TransportProtocol?
    /// `nil` or none: all of the sender's; else these, in this order.
    package var payloadTypes: [UInt8]?
    package var ptime: Int?
    package var maxptime: Int?
    package var mid: ByteString?
    package var label: ByteString?

    package init(port: UInt16, address: IPAddress) { (self.port, self.address) = (port, address) }
}
