/// Which port of a media stream a slot serves (RFC 8445 "component"), or that it carries no RTP at all.
package enum StreamComponent: UInt8, Sendable, BitwiseCopyable {
    case rtp, rtcp
    /// T.38 (UDPTL) and other protocols: everything is passed on.
    case opaque
}

/// Names one stream of one media thread. A slot is used again; the generation tells its users apart.
package struct SlotID: Hashable, Sendable, BitwiseCopyable {
    /// Which media thread.
    package let worker: UInt16
    package let index: UInt32
    package let generation: UInt32
}

/// What the control plane tells a media thread about one local port.
package struct ForwardingEntry: Sendable, BitwiseCopyable {
    package var component: StreamComponent
    /// RTCP arrives on this RTP port too (RFC 5761).
    package var isMuxed = false
    /// False while this side must not send: its RTP is counted and not forwarded.
    package var forwards = true
    /// Everything is counted, and nothing forwarded.
    package var discards = false
    /// What is kept back of the RTP.
    package var filter = MediaFilter()
    /// Nothing is forwarded before the other side has been heard.
    package var waitsForSink = false
    /// The other end may be ourselves: watch for packets that come round again.
    package var checksLoops = false
    /// STUN and DTLS are passed on: the two ends secure their media between themselves.
    package var passesNonRTP = false
    /// RTP timestamp units per second (RFC 3550 §5.1), Hz; 0 when unknown.
    package var clockRate: UInt32 = 0
    /// The slot (of the same thread) out of which RTP is sent.
    package var rtpSink: SlotID?
    /// The slot out of which RTCP is sent.
    package var rtcpSink: SlotID?

    package init(component: StreamComponent) { self.component = component }

    /// Packets of the stream have to be looked at one by one: no other plane can forward them.
    package var needsUserSpace: Bool { discards || !filter.isEmpty || checksLoops }

    /// Every packet of the stream is forwarded as it came.
    package var isPlain: Bool { forwards && !discards && filter.isEmpty && !waitsForSink }
}

/// How a slot's datagrams leave.
struct StreamOutlet: Sendable, BitwiseCopyable {
    /// The port's own socket; -1 when it has none.
    var socket: UDPSocket
    /// For a port without a socket: its address, and the sender of that address (`SteeredPort`).
    var local: TransportAddress
    var sender = 0
    /// For a port without a socket: TOS octet or traffic class.
    var tos: UInt8
}

/// Everything that the packet loop knows of one local port.
struct StreamSlot: BitwiseCopyable {
    var outlet: StreamOutlet
    var entry: ForwardingEntry
    var latch: SourceLatch
    var quality = StreamQuality()
    var loops = LoopDetector()
}
