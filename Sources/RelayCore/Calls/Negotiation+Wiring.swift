internal import SDP
internal import WireFormat

extension Negotiation {
    /// Tells the streams of a side what its last SDP said.
    mutating func signal(_ side: Int) {
        for stream in state.participants[side].media {
            guard stream.port != nil else { continue }
            // Of where fax goes, the port for speech need not know: what is said until the answer goes on.
            for port in stream.ports where port.isRTP == stream.transport.isRTP {
                changes.append(
                    .signal(port.rtp.slot, stream.signalledTarget, stream.policy, isPublic: stream.isPublic))
                if stream.piercesNAT, stream.isPublic, stream.observed.source == nil,
                    let target = stream.signalledTarget
                {
                    changes.append(.pierce(port.rtp, target))
                }
                guard let rtcp = port.rtcp else { continue }
                changes.append(
                    .signal(rtcp.slot, stream.signalledRTCPTarget, stream.policy, isPublic: stream.isPublic))
            }
        }
    }

    /// Closes ports whose time is up; false when there were none.
    mutating func closeIdlePorts(at now: UInt64) -> Bool {
        var idle: [StreamHandle] = []
        for side in state.participants.indices {
            for index in state.participants[side].media.indices {
                idle += state.participants[side].media[index].takeIdlePorts(at: now)
            }
        }
        guard !idle.isEmpty else { return false }
        rewire()
        close(idle)
        return true
    }

    /// Connects every stream of the call with the one it is forwarded to. All of them, each time: a call has few
    /// streams, and so there is one place that decides.
    mutating func rewire() {
        for participant in state.participants {
            let restriction = state.restriction.union(participant.restriction)
            let peer = participant.peer.flatMap { state.index(of: $0) }
            for (index, stream) in participant.media.enumerated() {
                let media = peer.map { state.participants[$0].media } ?? []
                let sink = index < media.count ? media[index] : nil
                for port in stream.ports {
                    connect(port, of: stream, to: sink, restriction)
                }
            }
        }
    }

    private mutating func connect(
        _ port: LocalPort, of stream: MediaStream, to sink: MediaStream?, _ restriction: MediaRestriction
    ) {
        var entry = ForwardingEntry(component: port.isRTP ? .rtp : .opaque)
        entry.isMuxed = stream.isMuxed
        entry.forwards = stream.sends
        entry.discards = state.dropsTraffic
        entry.waitsForSink = sink?.waitsForNAT ?? false
        entry.filter = filter(restriction, stream, sink)
        entry.checksLoops = stream.signalledTarget.map { context.interfaces.owns($0) } ?? false
        entry.passesNonRTP = stream.transport.isSecure
        entry.clockRate = stream.terms.clockRate
        let outlet = sink?.outlet(isRTP: port.isRTP)
        entry.rtpSink = outlet?.rtp.slot
        entry.rtcpSink = sink?.isMuxed == true ? outlet?.rtp.slot : outlet?.rtcp?.slot
        changes.append(.update(port.rtp.slot, entry))
        guard let rtcp = port.rtcp else { return }
        entry.component = .rtcp
        changes.append(.update(rtcp.slot, entry))
    }

    /// Encrypted speech cannot be replaced by silence, so it is kept back.
    private func filter(
        _ restriction: MediaRestriction, _ stream: MediaStream, _ sink: MediaStream?
    ) -> MediaFilter {
        var filter = MediaFilter()
        filter.blocksMedia =
            restriction.contains(.media) || restriction.contains(.speech) && stream.transport.isSecure
        filter.silencesMedia = restriction.contains(.speech)
        filter.blocksDTMF = restriction.contains(.dtmf)
        // Both sides name the payload types that they take; most use one number for both directions.
        filter.telephoneEvents = stream.telephoneEvents | (sink?.telephoneEvents ?? 0)
        return filter
    }
}
