package import WireFormat

/// Learns where an endpoint sends from, then holds on to it (RFC 7362 "latching").
///
/// A state machine without socket or clock. It decides two things: whether a packet is accepted, and where packets to
/// this endpoint go (`target`). Once locked, other sources are refused: that is what stops RTP bleed and injection.
package struct SourceLatch: Sendable, BitwiseCopyable {
    /// What signalling decided.
    package struct Policy: Hashable, Sendable, BitwiseCopyable {
        package var learning: EndpointLearning = .heuristic
        /// Never move the target; what is learned only decides which packets are accepted.
        package var isAsymmetric = false
        /// Follow the endpoint when its source changes in mid-stream.
        package var allowsHandover = false
        /// While learning, refuse sources that resemble the signalled address less than the best one so far.
        package var isStrict = false

        package init() {}
    }

    /// What to do with a packet.
    package enum Action: Equatable, Sendable {
        case forward
        /// Forward, and tell the control plane that the source, the target or the lock changed.
        case learned
        case dropUnexpectedSource
        /// As `dropUnexpectedSource`, and tell the control plane: the window is over, and the source that was known is locked.
        case lockOut
    }

    private enum Phase: UInt8 {
        /// Our address has not been handed out, or theirs is unknown: forward, learn nothing.
        case waiting
        case learning
        case locked
    }

    /// How long after signalling a better candidate may still win.
    package static let learningWindow: UInt64 = 3_000_000_000
    /// A locked source that has been silent this long may come back from another port of the same address: a NAT that
    /// forgot its binding. Another address needs signalling, or `media-handover`.
    package static let rebindSilence: UInt64 = 1_500_000_000
    /// How long after signalling has moved an endpoint its packets from where it was may still come in.
    package static let lateness: UInt64 = 500_000_000

    /// The address in their SDP; `nil` when unknown or unspecified.
    package private(set) var signalled: TransportAddress?
    /// Where packets to this endpoint go.
    package private(set) var target: TransportAddress?
    /// Where its packets come from, as far as learned.
    package private(set) var source: TransportAddress?
    package private(set) var policy: Policy
    private var phase = Phase.waiting
    /// How much `source` resembles `signalled`, 0 to 3.
    private var rank: UInt8 = 0
    private var signalledAt: UInt64 = 0
    /// Where the endpoint was heard or expected before signalling moved it; what is late from there says nothing about where it is.
    private var formerSource: TransportAddress?
    /// `source` was learned before this round of signalling and nobody else has been learned since.
    private var hasEarlierSource = false
    private var lastAccepted: UInt64 = 0
    /// Counts the calls of `signal`: what was learned in one round says nothing about the next.
    package var round: UInt32 = 0
    /// Somebody else (the kernel) forwards the locked source's packets, and has had some lately: that we see none here is
    /// no silence.
    private var isHeardElsewhere = false

    package init(signalled: TransportAddress?, policy: Policy) {
        (self.signalled, target, self.policy) = (signalled, signalled, policy)
    }

    package var isLocked: Bool { phase == .locked }

    /// Takes what a new offer or answer says and starts learning anew.
    ///
    /// An endpoint whose signalled address did not change is still expected where it was heard last, and the first
    /// packet from there closes the window again.
    ///
    /// - Parameter isPublic: our address for this stream has been handed out, so its packets may be the endpoint's.
    package mutating func signal(_ address: TransportAddress?, policy: Policy, isPublic: Bool, at now: UInt64) {
        round &+= 1
        let (isNew, wasAbsent) = (address != signalled, signalled == nil)
        (signalled, self.policy) = (address, policy)
        if address == nil, isLocked {  // hold with the unspecified address: nothing goes there, nobody else comes in
            target = nil
            return
        }
        if isNew {
            // Who was held, or is from now on, has not moved: what comes from there is not late.
            formerSource = wasAbsent || address == nil ? nil : source ?? target ?? formerSource
            if formerSource == address { formerSource = nil }
        }
        if isNew || policy.learning == .off { (target, source) = (address, nil) }
        if policy.isAsymmetric || target == nil { target = address }
        guard isPublic, address != nil else {
            phase = .waiting
            return
        }
        rank = 0
        hasEarlierSource = source != nil
        signalledAt = now
        phase = policy.learning == .off ? .locked : .learning
        if policy.learning == .off { source = address }
    }

    /// Continues where another relay or an earlier process was: same target, same lock. The source counts as heard `now`, or
    /// the lock would be open to its neighbours at once.
    package mutating func restore(
        source: TransportAddress?, target: TransportAddress?, isLocked: Bool, at now: UInt64
    ) {
        (self.source, self.target, lastAccepted) = (source, target, now)
        if isLocked { phase = .locked }
    }

    /// Takes over what another copy of this latch has learned in the same round of signalling.
    ///
    /// - Returns: false when it was another round; then nothing changes.
    package mutating func follow(_ event: LatchEvent) -> Bool {
        guard event.round == round else { return false }
        (source, target) = (event.source, event.target)
        if event.isLocked { phase = .locked }
        return true
    }

    /// Takes note that the locked source's packets are forwarded elsewhere, or that none has come there for a while.
    ///
    /// - Parameter last: monotonic nanoseconds of the last packet there.
    package mutating func note(isHeardElsewhere: Bool, last: UInt64) {
        self.isHeardElsewhere = isHeardElsewhere
        lastAccepted = max(lastAccepted, last)
    }

    /// Judges one packet.
    ///
    /// - Parameters:
    ///   - confirms: the packet is of the kind that this port is for; a stray RTCP packet on an RTP port is not.
    ///   - now: monotonic nanoseconds.
    /// - Complexity: O(1). Allocates nothing.
    package mutating func received(from sender: TransportAddress, confirms: Bool = true, at now: UInt64) -> Action {
        switch phase {
        case .waiting: return .forward
        case .learning: return confirms ? learn(sender, at: now) : .forward
        case .locked:
            if sender == source {
                lastAccepted = now
                return .forward
            }
            return confirms ? surprise(sender, at: now) : .dropUnexpectedSource
        }
    }

    private mutating func learn(_ sender: TransportAddress, at now: UInt64) -> Action {
        // What another thread stamps may be later than the packet that is judged, so nothing is subtracted.
        let isOver = now >= signalledAt &+ Self.learningWindow
        if sender == formerSource, now < signalledAt &+ Self.lateness {
            return policy.isStrict ? .dropUnexpectedSource : .forward
        }
        if hasEarlierSource {
            if sender == source {
                lastAccepted = now
                return lock(sender)
            }
            // The endpoint was heard a moment ago, and signalling says that it stays: who is faster than its next packet is
            // not it.
            let isExpected = now < lastAccepted &+ Self.rebindSilence && !policy.allowsHandover
            if isExpected, sender != signalled { return policy.isStrict ? .dropUnexpectedSource : .forward }
            hasEarlierSource = false
        }
        lastAccepted = now
        if policy.learning == .immediate { return lock(sender) }
        if policy.learning == .heuristic {
            let candidate = resemblance(of: sender)
            if candidate == 4 { return lock(sender) }
            guard candidate > rank else {
                if isOver, let source {
                    lock(source)
                    return sender == source ? .learned : .lockOut
                }
                return policy.isStrict && sender != source ? .dropUnexpectedSource : .forward
            }
            rank = candidate
        }
        if isOver { return lock(sender) }
        guard sender != source else { return .forward }
        source = sender
        if !policy.isAsymmetric { target = sender }
        return .learned
    }

    /// 4: the signalled address; 3: another port of it; 2: its port on another address; 1: anything else.
    private func resemblance(of sender: TransportAddress) -> UInt8 {
        if sender == signalled { return 4 }
        if sender.address == signalled?.address { return 3 }
        return sender.port == signalled?.port ? 2 : 1
    }

    @discardableResult
    private mutating func lock(_ sender: TransportAddress) -> Action {
        source = sender
        if !policy.isAsymmetric, signalled != nil { target = sender }
        phase = .locked
        return .learned
    }

    private mutating func surprise(_ sender: TransportAddress, at now: UInt64) -> Action {
        if policy.learning == .off { return policy.isStrict ? .dropUnexpectedSource : .forward }
        let isRebound =
            !isHeardElsewhere && sender.address == source?.address
            && now >= lastAccepted &+ Self.rebindSilence
        guard policy.allowsHandover || isRebound else { return .dropUnexpectedSource }
        lastAccepted = now
        return lock(sender)
    }
}
