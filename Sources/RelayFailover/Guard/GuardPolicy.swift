/// When a guarded relay is started, given up on, and hidden from the network. A value: events and time go in, actions come
/// out. Time is nanoseconds of the monotonic clock.
package struct GuardPolicy: Equatable, Sendable {
    /// The relay tells so often that its command path answers.
    package static let beatInterval: UInt64 = 50_000_000
    /// Without a sign of life for so long it counts as stuck.
    package static let beatLimit: UInt64 = 190_000_000
    /// It has to beat for so long before its routes are what they were; for longer, if it has been stuck before.
    package static let recovery = Damping(first: 1_000_000_000, longest: 30_000_000_000, memory: 60_000_000_000)
    /// Stuck for so long, it is ended and started again: its calls are in the store or in the kernel, so waiting gains
    /// nothing. (A disk or a log that makes it wait does so for less.)
    package static let stuckLimit: UInt64 = 800_000_000
    /// The same when its calls would end with it, or when it computes: then it gets a chance to come round by itself.
    package static let patientStuckLimit: UInt64 = 3_000_000_000
    /// The same while it is being debugged, or would run if it got a processor: another process would not get one either.
    /// And when it has said that it ends: it answers nobody then, while log, records and store get the seconds that they
    /// have for what is left, five in all.
    package static let patience: UInt64 = 10_000_000_000
    /// Between two looks at what a stuck process does.
    package static let lookInterval: UInt64 = 100_000_000
    /// From its start to its first sign of life; reading a large Redis takes a while.
    package static let startLimit: UInt64 = 120_000_000_000
    /// One that has not answered for so long since its start is hidden, though the kernel forwards what an earlier one has
    /// left: nobody answers commands for these addresses.
    package static let hiddenStartLimit: UInt64 = 5_000_000_000
    /// A relay that has been ready for so long starts with a clean sheet when it fails.
    package static let stableAfter: UInt64 = 10_000_000_000
    /// Failures in a row after which its routes go, even if the kernel carries its calls.
    package static let mostFailures = 3
    /// The pauses before a start, by the number of failures in a row; the last one is for all that follow.
    package static let pauses: [UInt64] = [
        0, 0, 200_000_000, 500_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000,
    ]
    /// Looks at the clock are planned so often; one that comes much later says that the guard itself did not run.
    package static let tickInterval: UInt64 = 20_000_000
    private static let ownStall: UInt64 = 60_000_000

    package enum Event: Equatable, Sendable {
        case beat(CallSafety)
        case ready
        /// It ends on purpose.
        case leaving
        /// It has closed its end of the channel: it is gone, or soon will be.
        case closed
        /// Its exit status as a shell reports it.
        case ended(status: Int32)
        /// We were told to end, or to pass a signal on that means that.
        case stopRequested(signal: Int32)
        case tick
        /// What was asked for by `look`.
        case looked(ProcessLook)
    }

    package enum Action: Equatable, Sendable {
        case start
        /// Announce nothing above this level.
        case limitRoutes(RouteLevel)
        /// Forget what the relay wanted announced above this level; the next one says it again.
        case forgetRoutes(above: RouteLevel)
        case signal(Int32)
        /// See what the relay's process is doing, and report `looked`.
        case look
        case kill(why: String)
        case exit(status: Int32)
        case tellReady
    }

    private enum Phase: Equatable {
        case waiting(until: UInt64)
        /// Runs; nothing heard yet.
        case starting(since: UInt64)
        case running
        /// Has closed its channel; the system has not reported its end yet.
        case vanished
        case over

        var isStarting: Bool { if case .starting = self { true } else { false } }
    }

    private var phase: Phase
    private var lastBeat: UInt64 = 0
    private var safety = CallSafety()
    private var isCarried: Bool { safety.isCarried }
    private var stuckSince: UInt64?
    /// How often this relay has been killed, and when last. One that is still there after the first time hangs in a system call.
    private var kills = 0
    private var lastKill: UInt64 = 0
    /// What was seen while it has been stuck.
    private var diagnosis = StuckDiagnosis()
    private var nextLook: UInt64 = 0
    private var recovery = GuardPolicy.recovery
    private var beatingSince: UInt64?
    private var readySince: UInt64?
    private var hasEverBeenReady = false
    /// A relay has been ready, or has answered, at least once: what fails from now on is not the way it was started.
    private var hasEverAnswered = false
    private var failures = 0
    /// The signal that asked us to end, and when it came.
    private var stopSignal: Int32?
    private var stopTime: UInt64 = 0
    private var isStopping: Bool { stopSignal != nil }
    private var isLeaving = false
    private var lastTick: UInt64
    private var limit = RouteLevel.home

    package init(now: UInt64) { (phase, lastTick) = (.waiting(until: now), now) }

    /// Failures in a row, and whether the relay counts as stuck: for the log.
    package var status: (failures: Int, isStuck: Bool) { (failures, stuckSince != nil) }

    /// Whether the relay does with signals what it says it does. Before, they would end it, as they do with every program.
    package var takesSignals: Bool { phase == .running || phase.isStarting && readySince != nil }

    package mutating func handle(_ event: Event, at now: UInt64) -> [Action] {
        switch event {
        case .beat(let safety): return noteBeat(safety, at: now)
        case .ready:
            (readySince, hasEverAnswered) = (now, true)
            defer { hasEverBeenReady = true }
            return hasEverBeenReady ? [] : [.tellReady]
        case .leaving:
            isLeaving = true
            return []
        case .closed: return vanish()
        case .ended(let status): return end(status, at: now)
        case .stopRequested(let signal):
            (stopSignal, stopTime) = (signal, now)
            if case .waiting = phase { return finish(status: 0) }
            return [.signal(signal)]
        case .tick: return tick(at: now)
        case .looked(let look):
            diagnosis.add(look, at: now)
            return []
        }
    }

    private mutating func noteBeat(_ safety: CallSafety, at now: UInt64) -> [Action] {
        guard phase != .vanished, phase != .over else { return [] }
        (lastBeat, self.safety, phase, hasEverAnswered) = (now, safety, .running, true)
        beatingSince = beatingSince ?? now
        return []
    }

    private mutating func tick(at now: UInt64) -> [Action] {
        // Time in which the guard did not run says nothing about the relay.
        let slept = now &- lastTick
        lastTick = now
        if slept > Self.ownStall { lastBeat &+= slept }
        // Nor does a pause of the whole machine about one that had just been found silent. Shorter ones leave time to judge it.
        if slept >= Self.beatLimit { stuckSince = stuckSince.map { $0 &+ slept } }
        switch phase {
        case .waiting(let until) where now >= until:
            phase = .starting(since: now)
            (isLeaving, readySince, beatingSince, stuckSince, kills) = (false, nil, nil, nil, 0)
            return [.start]
        case .starting where isStopping && now &- stopTime >= Self.patience:
            return kill("it was asked to end while it started, and does not", at: now)
        case .starting(let since) where now &- since >= Self.startLimit:
            return kill("it has not come up within \(Self.startLimit / 1_000_000_000) s", at: now)
        case .starting(let since) where now &- since >= Self.hiddenStartLimit: return hide()
        case .running: return watch(at: now)
        default: return []
        }
    }

    /// Kills one that starts: once, and now and then as long as its end is not reported.
    private mutating func kill(_ why: String, at now: UInt64) -> [Action] {
        guard kills == 0 || now &- lastKill >= Self.patience else { return [] }
        (kills, lastKill) = (kills + 1, now)
        return [.kill(why: why)]
    }

    private mutating func watch(at now: UInt64) -> [Action] {
        if now > lastBeat, now &- lastBeat >= Self.beatLimit {
            beatingSince = nil
            guard let since = stuckSince else {
                (stuckSince, diagnosis, nextLook) = (now, StuckDiagnosis(), now)
                recovery.fell(at: now)
                return isCarried ? [] : hide()
            }
            return treat(stuckFor: now &- since, at: now)
        }
        guard let since = beatingSince, now &- since >= (stuckSince == nil ? 0 : recovery.pause) else { return [] }
        stuckSince = nil
        if let ready = readySince, now &- ready >= Self.stableAfter { failures = 0 }
        return limit == .home ? [] : restrict(to: .home)
    }

    /// Ends a stuck relay when the time has come, and looks at it until then.
    private mutating func treat(stuckFor time: UInt64, at now: UInt64) -> [Action] {
        let isSafe = safety.isCarried || safety.isShared
        let limit = isSafe && !diagnosis.isBusy ? Self.stuckLimit : Self.patientStuckLimit
        if time >= (isLeaving || diagnosis.deservesPatience ? Self.patience : limit) {
            stuckSince = now  // once for each limit, until its end is reported
            kills += 1
            return (kills > 1 ? hide() : []) + [.kill(why: "it gives no sign of life")]
        }
        guard now >= nextLook else { return [] }
        nextLook = now &+ Self.lookInterval
        return [.look]
    }

    /// Leaves the addresses to whoever else can serve them. What the kernel forwards it goes on forwarding.
    private mutating func hide() -> [Action] { limit > .lastResort ? restrict(to: .lastResort) : [] }

    private mutating func restrict(to level: RouteLevel) -> [Action] {
        guard level != limit else { return [] }
        limit = level
        return [.limitRoutes(level)]
    }

    /// Its sockets are closing: from now on packets are lost unless the kernel forwards them.
    private mutating func vanish() -> [Action] {
        guard phase != .over, phase != .vanished else { return [] }
        phase = .vanished
        if isStopping || isLeaving { return restrict(to: .none) }
        return isCarried ? [] : restrict(to: levelWithoutRelay)
    }

    /// What may be announced while there is no relay. Where no other one could serve the address either, to withdraw it
    /// helps nobody: the next relay is here sooner than a route that comes back.
    private var levelWithoutRelay: RouteLevel { safety.isAlone && failures < Self.mostFailures ? .lastResort : .none }

    private mutating func end(_ status: Int32, at now: UInt64) -> [Action] {
        var actions = vanish()
        // One that had not come far enough to listen for the signal has done what it should.
        if let stopSignal, readySince == nil, status == 128 + stopSignal { return actions + finish(status: 0) }
        if isStopping || isLeaving || !hasEverAnswered || status == 0 { return actions + finish(status: status) }
        failures += 1
        if failures >= Self.mostFailures || !isCarried { actions += restrict(to: levelWithoutRelay) }
        if limit < .home { actions.append(.forgetRoutes(above: limit)) }
        safety.isCarried = isCarried && failures < Self.mostFailures
        phase = .waiting(until: now &+ Self.pauses[min(failures, Self.pauses.count - 1)])
        return actions
    }

    private mutating func finish(status: Int32) -> [Action] {
        phase = .over
        return restrict(to: .none) + [.exit(status: status)]
    }
}
