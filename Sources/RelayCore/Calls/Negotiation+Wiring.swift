internal import SDP
internal import WireFormat

extension Negotiation {
    /// Tells the streams of a side what its last SDP said.
    mutating func signal(_ side: Int) {
        for stream in state.participants[side].media {
            guard let port = stream.port else { continue }
            for port in [port] + stream.superseded {
                changes.append(
                    .signal(port.rtp.slot, stream.signalledTarget, stream.policy, isPublic: stream.isPublic))
                guard let rtcp = port.rtcp else { continue }
                changes.append(
                    .signal(rtcp.slot, stream.signalledRTCPTarget, stream.policy, isPublic: stream.isPublic))
            }
        }
    }

    /// Connects every stream of the call with the one it is forwarded to. All of them, each time: a call has few
    /// streams, and so there is one place that decides.
    mutating func rewire() {
        for participant in state.participants {
            let peer = participant.peer.flatMap { state.index(of: $0) }
            for (index, stream) in participant.media.enumerated() {
                let media = peer.map { state.participants[$0].media } ?? []
                let sink = index < media.count ? media[index] : nil
                for port in stream.ports {
                    connect(port, of: stream, to: sink)
                }
            }
        }
    }

    private mutating func connect(_ port: LocalPort, of stream: MediaStream, to sink: MediaStream?) {
        var entry = ForwardingEntry(component: port.rtcp == nil ? .opaque : .rtp)
        entry.isMuxed = stream.isMuxed
        entry.forwards = stream.sends
        entry.passesNonRTP = stream.transport.isSecure
        entry.clockRate = stream.terms.clockRate
        entry.rtpSink = sink?.port?.rtp.slot
        entry.rtcpSink = sink.flatMap { $0.isMuxed ? $0.port?.rtp.slot : $0.port?.rtcp?.slot }
        changes.append(.update(port.rtp.slot, entry))
        guard let rtcp = port.rtcp else { return }
        entry.component = .rtcp
        changes.append(.update(rtcp.slot, entry))
    }
}
