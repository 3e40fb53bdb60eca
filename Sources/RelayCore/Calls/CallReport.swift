internal import SDP
public import WireFormat

/// All that is known of a call at one moment: what `query` and `delete` answer.
public struct CallReport: Sendable {
    /// One local port and the endpoint behind it.
    public struct Stream: Sendable {
        /// True for RTCP on a port of its own.
        public let isRTCP: Bool
        /// Our port.
        public let local: TransportAddress
        /// Where packets to the endpoint go: learned, or from its SDP; `nil` while unknown.
        public let endpoint: TransportAddress?
        /// The address in its SDP.
        public let advertisedEndpoint: TransportAddress?
        /// Its source has been learned for good; packets from elsewhere are refused.
        public let isLocked: Bool
        /// Seconds since the epoch of its last packet, or of the last signalling before the first.
        public let lastPacket: UInt64
        /// Seconds since the epoch of the last packet that the kernel has forwarded; 0 before the first.
        public let lastKernelPacket: UInt64
        /// Seconds since the epoch of the last packet that came to user space; 0 before the first.
        public let lastUserPacket: UInt64
        /// What was received from and sent to it.
        public let counters: StreamCounters
        /// Everybody who was heard in the course of the call, the current source first. Empty for RTCP.
        public let sources: [Source]
    }

    /// An RTP source (RFC 3550 §3), of which a stream may have had several.
    public struct Source: Sendable {
        /// Its SSRC.
        public let ssrc: UInt32
        /// How it was heard. Only its samples are known of a source that has been replaced.
        public let quality: SourceQuality?
        /// Some of the samples, from the first on.
        public let progression: [QualitySample]
        /// It is the one that the stream's counters are about.
        public let isCurrent: Bool
    }

    /// One m-line.
    public struct Media: Sendable {
        /// `audio`, `video`, …
        public let kind: ByteString
        /// `RTP/AVP`, …
        public let transport: ByteString
        /// The codec that was agreed on, as in `PCMA/8000`; before that, the first one that it has offered.
        public let codec: ByteString?
        /// Its payload type (RFC 3551 §6).
        public let payloadType: UInt8?
        /// The side sends.
        public let sends: Bool
        /// The side receives.
        public let receives: Bool
        /// RTP and RTCP share a port.
        public let isMuxed: Bool
        /// How its addresses are learned.
        public let isAsymmetric: Bool
        /// Other sources were refused while learning.
        public let isStrictSource: Bool
        /// The source may change in mid-stream.
        public let allowsMediaHandover: Bool
        /// Media may flow one way only.
        public let isUnidirectional: Bool
        /// The signalled address is one of ours, so packets that come round again are looked for.
        public let checksLoops: Bool
        /// RTP first, then RTCP. Their counters go on when a port is replaced.
        public let streams: [Stream]
        /// What was counted of RTP and RTCP, those included that have no port, and so no stream, any more.
        public let totals: (rtp: StreamCounters, rtcp: StreamCounters)
    }

    /// One side of the call.
    public struct Side: Sendable {
        /// Its tag; `nil` before it has answered.
        public let tag: ByteString?
        /// The branch of a forked call.
        public let viaBranch: ByteString?
        /// The name it was given.
        public let label: ByteString?
        /// Opaque text that came with its last offer or answer.
        public let metadata: ByteString?
        /// What is switched off in its media.
        public let restriction: MediaRestriction
        /// Microseconds since the epoch.
        public let createdMicroseconds: UInt64
        /// Seconds since the epoch.
        public var created: UInt64 { createdMicroseconds / 1_000_000 }
        /// Microseconds since the epoch at which it made its first offer or answer; as long as that is not known, those at
        /// which it was created.
        public let spokeMicroseconds: UInt64
        /// Tags of the sides that it hears.
        public let peers: [ByteString]
        /// One for each m-line.
        public let media: [Media]
    }

    /// The Call-ID.
    public let callID: ByteString
    /// Microseconds since the epoch.
    public let created: UInt64
    /// Seconds since the epoch of the last offer or answer.
    public let lastSignal: UInt64
    /// Opaque text from the signalling side.
    public let metadata: ByteString?
    /// TOS octet or traffic class of the call's packets.
    public let tos: UInt8
    /// Who sent the last offer or answer, as far as that is known.
    public let controller: TransportAddress?
    /// A deleted call whose ports are open for a while.
    public let isDeleted: Bool
    /// The call belongs to another relay.
    public let isForeign: Bool
    /// What is switched off in everybody's media.
    public let restriction: MediaRestriction
    /// The sides of the call, in the order of their appearance.
    public let sides: [Side]

    /// Sums over all RTP and all RTCP ports, closed ones included.
    public var totals: (rtp: StreamCounters, rtcp: StreamCounters) {
        var sums = (rtp: StreamCounters(), rtcp: StreamCounters())
        for side in sides {
            for media in side.media {
                sums.rtp += media.totals.rtp
                sums.rtcp += media.totals.rtcp
            }
        }
        return sums
    }
}

extension CallReport {
    /// Takes stock of a call.
    init(
        _ call: Call, _ state: CallState, plane: any ForwardingPlane, interfaces: InterfaceTable, isForeign: Bool
    ) {
        let clock = (wall: SystemClock.wall, monotonic: SystemClock.monotonic)
        let lastSignal = state.lastSignal.wall / 1_000_000
        func stream(
            _ counters: StreamCounters, _ isRTCP: Bool, _ port: LocalPort, _ signalled: TransportAddress?,
            _ observed: ObservedEndpoint, _ rtp: MediaStream?
        ) -> Stream {
            let terms = rtp?.terms
            var counters = counters
            counters.ssrc = counters.ssrc ?? terms?.ssrc
            counters.quality = counters.settledQuality(clockRate: terms?.clockRate ?? 0, clock: clock)
            if let faults = rtp?.earlierFaults, faults != StreamQuality.Faults() {
                counters.quality = counters.quality ?? SourceQuality()
                counters.quality?.add(faults)
            }
            func seconds(_ packet: UInt64) -> UInt64 {
                packet == 0 ? 0 : (clock.wall &- (clock.monotonic &- packet)) / 1_000_000_000
            }
            return Stream(
                isRTCP: isRTCP, local: port.rtpAddress.with(port: port.pair.port + (isRTCP ? 1 : 0)),
                endpoint: observed.target, advertisedEndpoint: signalled, isLocked: observed.isLocked,
                lastPacket: counters.lastPacket == 0 ? lastSignal : seconds(counters.lastPacket),
                lastKernelPacket: seconds(counters.lastKernelPacket), lastUserPacket: seconds(counters.lastUserPacket),
                counters: counters,
                sources: rtp.map { Source.all($0.sources, counters, clock: clock) } ?? [])
        }
        func media(_ media: MediaStream) -> Media {
            var streams: [Stream] = []
            let totals = media.counted(by: plane)
            if let port = media.port {
                streams.append(stream(totals.rtp, false, port, media.signalled, media.observed, media))
                if port.rtcp != nil {
                    streams.append(stream(totals.rtcp, true, port, media.signalledRTCP, media.observedRTCP, nil))
                }
            }
            return Media(
                kind: media.kind, transport: media.transport.text, codec: media.codec,
                payloadType: media.payloadType, sends: media.sends,
                receives: media.receives, isMuxed: media.isMuxed, isAsymmetric: media.policy.isAsymmetric,
                isStrictSource: media.policy.isStrict, allowsMediaHandover: media.policy.allowsHandover,
                isUnidirectional: media.isUnidirectional,
                checksLoops: media.signalledTarget.map { interfaces.owns($0) } ?? false,
                streams: streams, totals: totals)
        }
        callID = call.id
        (created, self.lastSignal, metadata, tos) = (state.created, lastSignal, state.metadata, state.tos)
        (controller, isDeleted, self.isForeign) = (state.controller, state.deleteAt != nil, isForeign)
        restriction = state.restriction
        sides = state.participants.map { participant in
            let peer = participant.peer.flatMap { state.index(of: $0) }.flatMap { state.participants[$0].tag }
            return Side(
                tag: participant.tag, viaBranch: participant.viaBranch, label: participant.label,
                metadata: participant.metadata, restriction: participant.restriction,
                createdMicroseconds: participant.created,
                spokeMicroseconds: participant.spoke ?? participant.created,
                peers: peer.map { [$0] } ?? [],
                media: participant.media.map(media))
        }
    }
}
