internal import Synchronization
internal import WireFormat

extension Relay {
    /// From signalling to the first of the packets that open a NAT in the course of time, in nanoseconds.
    private static let pierceInterval: UInt64 = 500_000_000

    /// The housekeeper's thread: closes ports that are no longer used, takes note of learned addresses, and once a
    /// second ends the calls whose time is up.
    func keepHouse() {
        var tags = [UInt64](repeating: 0, count: 4)
        var schedule = SweepSchedule(at: SystemClock.monotonic)
        while !hasStopped {
            let now = SystemClock.monotonic
            if schedule.isDue(at: now) {
                hasResumed(at: schedule.resumedAt)
                sweep(at: now)
            }
            _ = bell.wait(&tags, milliseconds: schedule.milliseconds(from: now))
            collect()
        }
    }

    /// This process did not run until then: before that, nobody has read what had come.
    func hasResumed(at time: UInt64) { resumedAt.store(time, ordering: .relaxed) }

    /// Takes over what the media threads have learned, and closes what they have let go.
    package func collect() {
        for (call, event) in plane.collect() {
            let isKnown = call.state.withLock { state in
                guard !state.hasEnded, Self.note(event, in: &state) else { return false }
                adopt(&state, at: SystemClock.monotonic)
                state.version.revision += 1
                return true
            }
            if isKnown { notifyChanged(call) }
        }
    }

    /// What was learned of an endpoint that has been signalled elsewhere since says nothing about where it is now.
    private static func note(_ event: LatchEvent, in state: inout CallState) -> Bool {
        let observed = ObservedEndpoint(source: event.source, target: event.target, isLocked: event.isLocked)
        for side in state.participants.indices {
            for index in state.participants[side].media.indices {
                let stream = state.participants[side].media[index]
                guard let port = stream.portInUse else { continue }
                if port.rtp.slot == event.slot {
                    guard event.signalled == stream.signalledTarget else { return false }
                    state.participants[side].media[index].observed = observed
                    return true
                }
                if port.rtcp?.slot == event.slot {
                    guard event.signalled == stream.signalledRTCPTarget else { return false }
                    state.participants[side].media[index].observedRTCP = observed
                    return true
                }
            }
        }
        return false
    }

    func context() -> NegotiationContext {
        NegotiationContext(
            interfaces: interfaces, plane: plane, defaultLearning: settings.endpointLearning, loopMarker: "",
            wall: SystemClock.wall / 1000, monotonic: SystemClock.monotonic)
    }

    /// Ends every call of ours whose time is up, and takes over those whose packets now come here.
    ///
    /// - Parameter now: monotonic nanoseconds; later than the clock's in tests.
    package func sweep(at now: UInt64) {
        let carriage = carriage.withLock { $0 }
        let resumedAt = resumedAt.load(ordering: .relaxed)
        let triesPorts = isTimeToTryPorts(at: now)
        var (obstructed, obstacle): (Int, String?) = (0, nil)
        var traffic = interfaces.trafficOfClosedPorts
        var heard: [SlotID: UInt64] = [:]
        for call in calls.withLock({ Array($0.values) }) {
            let hasChanged = call.state.withLock { state in
                guard !state.hasEnded else { return false }
                survey(&state, &traffic, &heard)
                if state.obstacle != nil {
                    if triesPorts { retryPorts(of: call, &state) }
                    if let reason = state.obstacle { (obstructed, obstacle) = (obstructed + 1, reason) }
                }
                guard !isForeign(state) else { return watch(call, &state, heard, at: now) }
                pierceNATs(of: call, state, at: now)
                let closed = closeIdlePorts(of: call, &state, at: now)
                let removed = removeDueSides(of: call, &state, at: now)
                guard !state.hasEnded else { return false }
                let since = carriage.isEverywhere ? 0 : carriage.since(on: Self.addresses(of: state))
                if let reason = overdue(state, heard, readSince: since.map { max($0, resumedAt) }, at: now) {
                    end(call, &state, reason)
                    return false
                }
                if closed || removed { state.version.revision += 1 }
                return closed || removed
            }
            if hasChanged { notifyChanged(call) }
        }
        obstruction.withLock { ($0.calls, $0.reason) = (obstructed, obstacle) }
        interfaces.publish(traffic)
    }

    /// Where a call has ports, or should have.
    private static func addresses(of state: CallState) -> [IPAddress] {
        state.ports.map(\.pair.address) + state.participants.flatMap { $0.media.compactMap { $0.unopened?.local } }
    }

    /// Knocks again at the NAT of every endpoint that has not been heard yet.
    private func pierceNATs(of call: Call, _ state: CallState, at now: UInt64) {
        guard now &- state.lastSignal.monotonic >= Self.pierceInterval else { return }  // negotiating does it, too
        let knocks = state.participants.flatMap(\.media).compactMap { stream -> StreamChange? in
            guard stream.piercesNAT, stream.isPublic, stream.observed.source == nil, let port = stream.portInUse,
                let target = stream.signalledTarget
            else { return nil }
            return .pierce(port.rtp, target)
        }
        if !knocks.isEmpty { plane.apply(knocks, worker: call.worker) }
    }

    /// Closes ports that a re-offer has replaced, or that RTCP no longer needs.
    private func closeIdlePorts(of call: Call, _ state: inout CallState, at now: UInt64) -> Bool {
        guard state.participants.contains(where: { $0.media.contains { $0.hasIdlePorts(at: now) } }) else {
            return false
        }
        var work = Negotiation(call: call, state: state, context: context())
        let hasClosed = work.closeIdlePorts(at: now)
        work.commit(to: &state)
        return hasClosed
    }

    /// Why the call should end now, if it should.
    ///
    /// Streams fall into three kinds, each with its own limit: those that ought to carry packets, those on hold, and
    /// those of an unanswered offer. The call lives while any stream of the busiest kind it has does.
    ///
    /// - Parameters:
    ///   - heard: when the last packet came to each port.
    ///   - readSince: since when packets would have come here (`Carriage.since`), and been read; `nil` when they would not.
    private func overdue(
        _ state: CallState, _ heard: [SlotID: UInt64], readSince: UInt64?, at now: UInt64
    ) -> TerminationReason? {
        let timeouts = settings.timeouts
        func isPast(_ limit: Duration, since start: UInt64) -> Bool {
            limit > .zero && now > start && now - start >= limit.nanoseconds
        }
        if let due = state.deleteAt, due <= now { return .regular }
        guard let readSince else { return nil }
        let start = max(state.lastSignal.monotonic, state.ownedSince, readSince)
        if isPast(timeouts.final, since: state.start) { return .finalTimeout }

        var last: (active: UInt64?, silent: UInt64?) = (nil, nil)
        let sides = state.participants
        for side in sides {
            let peer = side.peer.flatMap { state.index(of: $0) }.map { sides[$0].media } ?? []
            for (index, media) in side.media.enumerated() {
                guard media.port != nil || media.unopened != nil, media.signalled != nil, media.isPublic else {
                    continue
                }
                // Where a port should be, and could not be opened, nothing is heard.
                let packet = media.ports.lazy.flatMap(\.handles).compactMap { heard[$0.slot] }.max() ?? 0
                let latest = max(packet, start)
                // Who holds may play music or nothing: the m-line is on hold as soon as one of its sides is.
                if media.isOnHold || index < peer.count && peer[index].isOnHold {
                    last.silent = max(last.silent ?? 0, latest)
                } else {
                    last.active = max(last.active ?? 0, latest)
                }
            }
        }
        if let active = last.active { return isPast(timeouts.media, since: active) ? .timeout : nil }
        if let silent = last.silent { return isPast(timeouts.silent, since: silent) ? .silentTimeout : nil }
        return isPast(timeouts.offer, since: start) ? .offerTimeout : nil
    }
}
