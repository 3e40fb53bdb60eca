package import WireFormat

/// What a relay knows when it decides about a route.
package struct RouteConditions: Equatable, Sendable {
    /// How this relay's calls compare with what the others know.
    package enum Replication: Equatable, Sendable {
        /// There is none; nobody else has calls that we could miss.
        case absent
        /// Calls of others are still being read after the start.
        case restoring
        /// Every call of the others is here, as far as is known.
        case inStep
        /// The store answers, but changes are missing.
        case behind
        /// The store does not answer, or has nothing that is missing here and takes nothing.
        case unreachable
    }

    package var replication = Replication.absent
    /// Commands are answered.
    package var isAnswering = true
    /// The relay is about to end.
    package var isDraining = false
    /// The address is lent to its backup for a drill.
    package var isLent = false
    /// Packets or commands have come to this address lately.
    package var isUsed = false

    package init() {}
}

/// What a relay wants the network to know about one address. A value: conditions and time go in, the level to announce and
/// what else to do come out. Time is nanoseconds of the monotonic clock.
package struct RouteIntent: Equatable, Sendable {
    package enum Role: Equatable, Sendable { case home, backup }

    package enum State: Equatable, Sendable { case withdrawn, standby, serving, draining }

    /// Why a route is in its state.
    package enum Reason: String, Equatable, Sendable {
        case starting = "starting"
        case restoring = "calls are being restored"
        case notAnswering = "commands are not answered"
        case settling = "ready, waiting a moment"
        case notInStep = "not in step: used only if nobody else is there"
        case ready = "ready"
        case home = "serves its own calls"
        case tookOver = "serves the calls of another relay"
        case draining = "leaves: waits for the last packet"
        case lent = "lent to its backup for a drill"
        case drained = "has left"
    }

    /// What has to happen besides announcing.
    package enum Action: Equatable, Sendable {
        case none
        /// The calls of this address are ours from now on.
        case takeOver
    }

    /// Conditions have to hold for so long before a route gets better: fall fast, rise slowly, and the slower the more often
    /// it has fallen lately.
    package static let settling = Damping(first: 300_000_000, longest: 30_000_000_000, memory: 60_000_000_000)
    /// A relay that has been in step may be behind for so long before it is anybody's last choice. Nanoseconds.
    package static let patience: UInt64 = 3_000_000_000
    /// A backup that nobody has used for so long is a standby again. Nanoseconds.
    package static let idleAfter: UInt64 = 2_000_000_000

    package let address: IPAddress
    package let role: Role
    package private(set) var state = State.withdrawn
    package private(set) var reason = Reason.starting
    /// Since when the conditions have been good enough for a better route; `nil` when they are not.
    private var goodSince: UInt64?
    /// Since when changes of others have been missing.
    private var behindSince: UInt64?
    private var lastUse: UInt64 = 0
    private var hasBeenInStep = false
    private var settling = RouteIntent.settling

    package init(address: IPAddress, role: Role) { (self.address, self.role) = (address, role) }

    /// What the network should be told now.
    package var level: RouteLevel {
        switch state {
        case .withdrawn: .none
        case .draining: .lastResort
        case .standby, .serving:
            reason == .notInStep || reason == .notAnswering ? .lastResort : role == .home ? .home : .backup
        }
    }

    /// Whether packets to this address come here, as far as one can see: calls that are silent then are over. At the last
    /// resort that is so when nobody else is there, and shows by packets of any call.
    package func isCarried(at now: UInt64) -> Bool { state == .serving || state == .standby && isInUse(at: now) }

    private func isInUse(at now: UInt64) -> Bool { lastUse > 0 && now &- lastUse < Self.idleAfter }

    /// Looks at the conditions; at least some times a second.
    package mutating func update(_ conditions: RouteConditions, at now: UInt64) -> Action {
        if conditions.isUsed { lastUse = now }
        noteStep(conditions.replication, at: now)
        // One that was announced stays as the last resort: its packets may still be forwarded.
        if !conditions.isAnswering {
            return state == .withdrawn ? withdraw(.notAnswering) : lastChoice(.notAnswering, at: now)
        }
        if conditions.isDraining { return drain(reason: .draining, whenGone: .drained, conditions) }
        if conditions.isLent, role == .home, state == .serving || state == .draining {
            return drain(reason: .lent, whenGone: nil, conditions)
        }
        switch conditions.replication {
        case .restoring where !hasBeenInStep: return withdraw(.restoring)
        case .behind where !hasBeenInStep: return lastChoice(.notInStep, at: now)
        case .unreachable where !hasBeenInStep: return lastChoice(.notInStep, at: now)
        case .behind where isPatienceOver(at: now) && role == .backup: return lastChoice(.notInStep, at: now)
        default: return rise(conditions, at: now)
        }
    }

    /// The end of draining: nothing comes to this address any more. Commands need not be answered for that.
    package mutating func finishDraining() {
        guard reason == .draining || reason == .notAnswering else { return }
        (state, reason) = (.withdrawn, .drained)
    }

    private mutating func noteStep(_ replication: RouteConditions.Replication, at now: UInt64) {
        switch replication {
        case .absent, .inStep: (hasBeenInStep, behindSince) = (true, nil)
        case .behind: behindSince = behindSince ?? now
        // Without the store everybody knows what they know: nobody is better.
        case .restoring, .unreachable: behindSince = nil
        }
    }

    private func isPatienceOver(at now: UInt64) -> Bool {
        behindSince.map { now &- $0 >= Self.patience } ?? false
    }

    private mutating func withdraw(_ why: Reason) -> Action {
        (state, reason, goodSince) = (.withdrawn, why, nil)
        return .none
    }

    private mutating func lastChoice(_ why: Reason, at now: UInt64) -> Action {
        if level > .lastResort { settling.fell(at: now) }
        (state, reason, goodSince) = (.standby, why, nil)
        return .none
    }

    private mutating func drain(reason why: Reason, whenGone: Reason?, _ conditions: RouteConditions) -> Action {
        goodSince = nil
        if state == .withdrawn, let whenGone {
            reason = whenGone
        } else if state != .withdrawn {
            (state, reason) = (.draining, why)
        }
        return .none
    }

    private mutating func rise(_ conditions: RouteConditions, at now: UInt64) -> Action {
        let since = goodSince ?? now
        goodSince = since
        // A drill ends where it began.
        let isBack = state == .draining && reason == .lent
        guard now &- since >= settling.pause || isBack || state == .serving || (state == .standby && reason == .ready)
        else {
            if state == .withdrawn { reason = .settling }
            return .none
        }
        let wasServing = state == .serving
        switch role {
        case .home: (state, reason) = (.serving, .home)
        case .backup where isInUse(at: now): (state, reason) = (.serving, .tookOver)
        case .backup: (state, reason) = (.standby, .ready)
        }
        return state == .serving && !wasServing ? .takeOver : .none
    }
}
