internal import WireFormat

/// Both clocks at one moment, to carry times from one relay to another.
struct SnapshotClock {
    /// Microseconds since the epoch.
    let wall = SystemClock.wall / 1000
    /// Nanoseconds.
    let monotonic = SystemClock.monotonic

    /// Wall-clock microseconds of a monotonic time.
    func wall(of time: UInt64) -> UInt64 {
        time >= monotonic ? wall &+ (time - monotonic) / 1000 : wall - min(wall, (monotonic - time) / 1000)
    }

    /// Monotonic time of wall-clock microseconds. What happened before this machine started counts as at its start.
    func monotonic(of time: UInt64) -> UInt64 {
        let (distance, overflow) = (max(time, wall) - min(time, wall)).multipliedReportingOverflow(by: 1000)
        if overflow { return time >= wall ? .max : 0 }
        if time < wall { return monotonic - min(monotonic, distance) }
        let (sum, carry) = monotonic.addingReportingOverflow(distance)
        return carry ? .max : sum
    }
}

extension CallSnapshot {
    /// Describes a call, under its lock.
    init(_ call: Call, _ state: CallState, plane: any ForwardingPlane, clock: SnapshotClock) {
        self.init(
            callID: call.id, version: state.version, tos: state.tos, lastSignal: state.lastSignal.wall,
            nextParticipant: state.nextParticipant)
        metadata = state.metadata
        (restriction, dropsTraffic) = (state.restriction, state.dropsTraffic)
        deleteAt = state.deleteAt.map(clock.wall)
        sides = state.participants.map { participant in
            var plain = participant
            (plain.media, plain.removeAt) = ([], nil)
            var side = Side(participant: plain)
            side.removeAt = participant.removeAt.map(clock.wall)
            side.media = participant.media.map { stream in
                var media = Media(terms: stream.terms)
                media.port = stream.unopened ?? stream.port.map(Port.init)
                media.superseded = stream.superseded.map(Port.init)
                media.closeSupersededAt = stream.closeSupersededAt.map(clock.wall)
                if let ssrc = stream.ports.lazy.compactMap({ plane.counters(of: $0.rtp.slot).ssrc }).first {
                    media.terms.ssrc = ssrc
                }
                return media
            }
            return side
        }
    }
}

extension CallSnapshot.Port {
    init(_ port: LocalPort) {
        self.init(
            interface: port.interface.configuration.name, local: port.pair.address, port: port.pair.port,
            hasRTCP: port.rtcp != nil)
    }
}

extension CallState {
    /// A call that another relay has described, as yet without any side.
    init(_ snapshot: CallSnapshot, _ clock: SnapshotClock) {
        tos = snapshot.tos
        version = snapshot.version
        lastSignal = (snapshot.lastSignal, clock.monotonic(of: snapshot.lastSignal))
        // A call from the future is one of a clock that is wrong.
        start = min(clock.monotonic, clock.monotonic(of: snapshot.version.instance.created))
        ownedSince = clock.monotonic
    }
}
