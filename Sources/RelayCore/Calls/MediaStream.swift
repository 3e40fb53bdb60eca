package import SDP
package import WireFormat

/// An open RTP port and perhaps its RTCP port, facing one side of a call.
package struct LocalPort: Sendable {
    package let interface: LocalInterface
    package let pair: PortPair
    package let rtp: StreamHandle
    package let rtcp: StreamHandle?

    package var handles: [StreamHandle] { [rtp] + (rtcp.map { [$0] } ?? []) }
    package var rtpAddress: TransportAddress { TransportAddress(pair.address, port: pair.port) }
}

extension LocalPort: Hashable {
    package static func == (left: LocalPort, right: LocalPort) -> Bool { left.rtp.slot == right.rtp.slot }
    package func hash(into hasher: inout Hasher) { hasher.combine(rtp.slot) }
}

/// What one endpoint's packets have taught us about it.
package struct ObservedEndpoint: Hashable, Sendable {
    /// Where its packets come from.
    package var source: TransportAddress?
    /// Where packets to it go.
    package var target: TransportAddress?
    /// Other sources are refused.
    package var isLocked: Bool

    package init(source: TransportAddress? = nil, target: TransportAddress? = nil, isLocked: Bool = false) {
        (self.source, self.target, self.isLocked) = (source, target, isLocked)
    }
}

/// What has been negotiated and learned about one m-line of one side: a plain value that another relay can go on with.
///
/// Whatever a later command or packet depends on belongs here, and into the stored record of the call.
package struct MediaTerms: Hashable, Sendable {
    package var kind: ByteString
    package var transport: TransportProtocol
    /// Message media and the like: described in the SDP, never relayed.
    package var isUntouched = false
    /// Port 0 in the last offer or answer.
    package var isRejected = false
    /// Our port has been handed out, so what arrives there may be theirs.
    package var isPublic = false

    /// RTP address and port as in their SDP, the unspecified address included.
    package var signalled: TransportAddress?
    package var signalledRTCP: TransportAddress?
    package var observed = ObservedEndpoint()
    package var observedRTCP = ObservedEndpoint()
    package var policy = SourceLatch.Policy()
    /// SSRC of their RTP as another relay has last seen it (RFC 3550 §5.1).
    package var ssrc: UInt32?

    /// They send; we receive and forward.
    package var sends = true
    /// They receive.
    package var receives = true
    /// Their last SDP carried `a=rtcp-mux`.
    package var offersMux = false
    /// RTP and RTCP of this side share a port.
    package var isMuxed = false
    /// Our last offer to them carried `a=rtcp-mux`.
    package var weOfferedMux = false
    /// What was asked for when they offered it.
    package var muxPromise = MediaOptions.RTCPMux()

    package var mid: ByteString?
    package var ptime: Int?
    package var maxptime: Int?
    /// Payload types of their last SDP, in their order.
    package var payloadTypes: [UInt8] = []
    /// First codec, as in `PCMA/8000`.
    package var codec: ByteString?

    /// RTP timestamp units per second of that codec, Hz; 0 when unknown.
    var clockRate: UInt32 {
        let parts = codec?.description.split(separator: "/") ?? []
        return parts.count > 1 ? UInt32(parts[1]) ?? 0 : 0
    }

    package init(kind: ByteString, transport: TransportProtocol) { (self.kind, self.transport) = (kind, transport) }

    /// Where RTP may be sent before anything is learned; `nil` while unknown, rejected or on hold with `0.0.0.0`.
    var signalledTarget: TransportAddress? {
        guard let signalled, !signalled.address.isUnspecified, signalled.port != 0 else { return nil }
        return signalled
    }

    /// As `signalledTarget`, for RTCP.
    var signalledRTCPTarget: TransportAddress? {
        guard let signalledRTCP, !signalledRTCP.address.isUnspecified, signalledRTCP.port != 0 else { return nil }
        return signalledRTCP
    }
}

/// One m-line as one side of the call sees it: the terms, and our ports that face this side.
@dynamicMemberLookup
package struct MediaStream: Hashable, Sendable {
    package var terms: MediaTerms
    package var port: LocalPort?
    /// Ports that a re-offer has replaced. They go on receiving until the new ones have been answered.
    package var superseded: [LocalPort] = []
    /// Monotonic time at which the replaced ports are closed, once the new ones have been answered.
    package var closeSupersededAt: UInt64?

    package init(kind: ByteString, transport: TransportProtocol) {
        terms = MediaTerms(kind: kind, transport: transport)
    }

    package init(terms: MediaTerms) { self.terms = terms }

    /// The terms, as if they were the stream's own.
    package subscript<Value>(dynamicMember term: WritableKeyPath<MediaTerms, Value>) -> Value {
        get { terms[keyPath: term] }
        set { terms[keyPath: term] = newValue }
    }

    var signalledTarget: TransportAddress? { terms.signalledTarget }
    var signalledRTCPTarget: TransportAddress? { terms.signalledRTCPTarget }
    /// The port in use and the replaced ones.
    package var ports: [LocalPort] { (port.map { [$0] } ?? []) + superseded }
}
