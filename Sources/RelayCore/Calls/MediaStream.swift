package import SDP
package import WireFormat

/// An open RTP port and perhaps its RTCP port, facing one side of a call.
package struct LocalPort: Sendable {
    package let interface: LocalInterface
    package let pair: PortPair
    package let rtp: StreamHandle
    /// `nil` for what is not RTP, and once RTP and RTCP share a port.
    package var rtcp: StreamHandle?
    /// False for T.38 and other protocols that are passed on as they are.
    package let isRTP: Bool

    package var handles: [StreamHandle] { if let rtcp { [rtp, rtcp] } else { [rtp] } }
    package var rtpAddress: TransportAddress { TransportAddress(pair.address, port: pair.port) }
}

extension LocalPort: Hashable {
    package static func == (left: LocalPort, right: LocalPort) -> Bool {
        left.rtp.slot == right.rtp.slot && left.rtcp?.slot == right.rtcp?.slot
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(rtp.slot) }
}

/// The number of a port that has been closed because an answer refused its m-line. Another answer to the same offer may
/// still accept it, and the number has been handed out.
package struct ReservedPort: Hashable, Sendable {
    package let interface: LocalInterface
    package let pair: PortPair
    /// Monotonic time at which the number may go to somebody else.
    package let until: UInt64

    package static func == (left: ReservedPort, right: ReservedPort) -> Bool {
        left.pair === right.pair && left.until == right.until
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(until) }
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
    /// Port 0 in their last offer or answer, or in what they were offered.
    package var isRejected = false
    /// This side has not been told of the m-line, which the other side has (`sdp-media-remove`).
    package var isHidden = false
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

    /// Packets of ours open their NAT until something has come from them (`pierce-NAT`).
    package var piercesNAT = false
    /// Nothing is sent to them before something has come from them (`NAT-wait`).
    package var waitsForNAT = false
    /// Media may flow one way only (`unidirectional`).
    package var isUnidirectional = false

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
    /// Bit *n* is set when their payload type *n* carries DTMF events.
    package var telephoneEvents: UInt128 = 0
    /// The codec that was agreed on, as in `PCMA/8000`; before that, the first one that they have offered.
    package var codec: ByteString?
    /// Its payload type (RFC 3551 §6).
    package var payloadType: UInt8?

    /// RTP timestamp units per second of that codec, Hz; 0 when unknown.
    var clockRate: UInt32 {
        guard let codec else { return 0 }
        var cursor = ByteCursor(codec.bytes.span)
        let slash = UInt8(ascii: "/")
        guard cursor.take(upTo: slash) != nil, let rate = cursor.decimal(limit: UInt64(UInt32.max)),
            cursor.isAtEnd || cursor.peek == slash
        else { return 0 }
        return UInt32(rate)
    }

    package init(kind: ByteString, transport: TransportProtocol) { (self.kind, self.transport) = (kind, transport) }

    /// Where RTP may be sent before anything is learned; `nil` while unknown, rejected or on hold with `0.0.0.0`.
    var signalledTarget: TransportAddress? {
        guard let signalled, !signalled.address.isUnspecified, signalled.port != 0 else { return nil }
        return signalled
    }

    /// They must not send, or have said that they do not listen anywhere.
    var isOnHold: Bool { !sends || signalled != nil && signalledTarget == nil }

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
    /// What `port` should be, by what another relay has told, and could not be opened here so far, or not its RTCP port.
    package var unopened: CallSnapshot.Port?
    /// Ports that a re-offer has replaced. They stay in use until the new one has been answered, and receive a little longer.
    package var superseded: [LocalPort] = []
    /// Monotonic time at which the replaced ports are closed, once the new ones have been answered.
    package var closeSupersededAt: UInt64?
    /// The number of the port that an answer has closed.
    package var reserved: ReservedPort?
    /// Monotonic time at which the RTCP port is closed, since RTCP now comes to the RTP port.
    package var closeRTCPAt: UInt64?
    /// How what comes in has been heard, source by source.
    package var sources: [SourceHistory] = []
    /// What ports have counted that are closed now.
    package var earlier: [StreamComponent: StreamCounters] = [:]
    /// What was not as it should be of the RTP that came to them.
    package var earlierFaults = StreamQuality.Faults()

    package init(kind: ByteString, transport: TransportProtocol) {
        terms = MediaTerms(kind: kind, transport: transport)
    }

    package init(terms: MediaTerms) { self.terms = terms }

    /// The terms, as if they were the stream's own.
    package subscript<Value>(dynamicMember term: WritableKeyPath<MediaTerms, Value>) -> Value {
        get { terms[keyPath: term] }
        set { terms[keyPath: term] = newValue }
    }

    var isOnHold: Bool { terms.isOnHold }
    var signalledTarget: TransportAddress? { terms.signalledTarget }
    var signalledRTCPTarget: TransportAddress? { terms.signalledRTCPTarget }
    /// There is an RTCP port, and RTCP comes to the RTP port.
    var hasSpareRTCP: Bool { terms.isMuxed && port?.rtcp != nil }
}
