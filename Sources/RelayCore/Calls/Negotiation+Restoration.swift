internal import SDP
internal import WireFormat

extension Negotiation {
    /// Makes the call what a snapshot says. Ports that are open stay open; those that cannot be opened are noted.
    mutating func restore(_ snapshot: CallSnapshot, clock: SnapshotClock) {
        let open = Dictionary(
            state.ports.map { (CallSnapshot.Port($0).number, $0) }, uniquingKeysWith: { first, _ in first })
        let before = Dictionary(
            state.participants.flatMap(\.media).flatMap { media in
                media.ports.map { port in
                    (port.rtp.slot, (terms: media.terms, isInUse: !media.awaitsAnswer || port != media.port))
                }
            }, uniquingKeysWith: { first, _ in first })
        state.obstacle = nil
        let known = Dictionary(state.participants.map { ($0.id, $0.media) }, uniquingKeysWith: { first, _ in first })
        state.participants = snapshot.sides.map { side in
            var participant = side.participant
            participant.removeAt = side.removeAt.map(clock.monotonic)
            let known = known[participant.id] ?? []
            participant.media = side.media.enumerated().map { index, media in
                var stream = MediaStream(terms: media.terms)
                stream.port = media.port.flatMap {
                    port($0, of: (media.terms, isInUse: !media.awaitsAnswer), among: open, before: before)
                }
                // RTCP that comes to the RTP port is missed nowhere.
                let isWhole = stream.port.map { CallSnapshot.Port($0) == media.port || media.terms.isMuxed }
                if isWhole != true { stream.unopened = media.port }
                stream.superseded = media.superseded.compactMap {
                    port($0, of: (media.terms, isInUse: true), among: open, before: before)
                }
                stream.closeSupersededAt = media.closeSupersededAt.map(clock.monotonic)
                keep(index < known.count ? known[index] : nil, in: &stream)
                return stream
            }
            return participant
        }
        (state.version, state.tos, state.metadata) = (snapshot.version, snapshot.tos, snapshot.metadata)
        (state.restriction, state.dropsTraffic) = (snapshot.restriction, snapshot.dropsTraffic)
        // A signal from the future is a clock that is wrong, and must not keep the call for ever.
        state.lastSignal = (snapshot.lastSignal, min(clock.monotonic, clock.monotonic(of: snapshot.lastSignal)))
        state.deleteAt = snapshot.deleteAt.map(clock.monotonic)
        state.nextParticipant = snapshot.nextParticipant
        let kept = Set(state.handles)
        close(open.values.flatMap(\.handles).filter { !kept.contains($0) })
        rewire()
    }

    /// What this relay knows of an m-line, and snapshots do not tell.
    private func keep(_ known: MediaStream?, in stream: inout MediaStream) {
        if let known {
            (stream.sources, stream.earlier, stream.earlierFaults) = (known.sources, known.earlier, known.earlierFaults)
        }
        if stream.port == nil { stream.reserved = known?.reserved }
        stream.closeRTCPAt = stream.hasSpareRTCP ? known?.closeRTCPAt ?? context.monotonic + Self.supersededGrace : nil
    }

    /// What is known of the endpoint at a port, and whether its packets come to this one.
    private typealias PortTerms = (terms: MediaTerms, isInUse: Bool)

    /// An open port, its latch brought up to date; or the same port, opened anew.
    private mutating func port(
        _ wanted: CallSnapshot.Port, of now: PortTerms, among open: [CallSnapshot.Port: LocalPort],
        before: [SlotID: PortTerms]
    ) -> LocalPort? {
        let known = open[wanted.number]
        let isRTP = now.terms.transport.isRTP
        guard let port = known.map({ adjusted($0, to: wanted) }) ?? reopen(wanted, isRTP: isRTP) else { return nil }
        // As with `signal`: what is said of fax is not about a port for speech.
        if let known, known.isRTP != isRTP { return port }
        let old = known.flatMap { before[$0.rtp.slot] }
        update(port.rtp, port.isRTP ? .rtp : .opaque, now, isNew: known == nil, old)
        if let rtcp = port.rtcp { update(rtcp, .rtcp, now, isNew: known?.rtcp == nil, old) }
        return port
    }

    /// Tells the plane about a stream, unless nothing has changed for it.
    private mutating func update(
        _ handle: StreamHandle, _ component: StreamComponent, _ now: PortTerms, isNew: Bool, _ old: PortTerms?
    ) {
        let terms = LatchTerms(now.terms, component, isInUse: now.isInUse)
        if isNew {
            changes.append(
                .install(handle, ForwardingEntry(component: component), terms.latch(at: context.monotonic)))
        } else if old.map({ LatchTerms($0.terms, component, isInUse: $0.isInUse) }) != terms {
            changes.append(.relatch(handle.slot, terms.latch(at: context.monotonic)))
        }
    }

    /// The same port with or without one for RTCP, which comes to the RTP port when both are multiplexed.
    private mutating func adjusted(_ port: LocalPort, to wanted: CallSnapshot.Port) -> LocalPort {
        var port = port
        if !wanted.hasRTCP {
            port.rtcp = nil
        } else if port.isRTP, port.rtcp == nil {
            do throws(SystemError) { port.rtcp = try openStream(.rtcp, of: port.pair) } catch {
                state.obstacle = "\(port.rtpAddress.with(port: port.pair.port + 1)): \(error)"
            }
        }
        return port
    }

    /// Opens one particular port pair; `nil`, and a note of the reason, when that is not possible here.
    private mutating func reopen(_ port: CallSnapshot.Port, isRTP: Bool) -> LocalPort? {
        guard let interface = context.interfaces.find(name: port.interface, local: port.local) else {
            state.obstacle = "\(port.local) is not an address of this relay"
            return nil
        }
        guard let pair = interface.ports.reserve(port.port) else {
            state.obstacle =
                "\(TransportAddress(port.local, port: port.port)) is in use by another call, or out of range"
            return nil
        }
        do throws(SystemError) {
            return try self.open(pair, on: interface, isRTP: isRTP, hasRTCP: port.hasRTCP)
        } catch {
            state.obstacle = "\(TransportAddress(port.local, port: port.port)): \(error)"
            return nil
        }
    }
}
