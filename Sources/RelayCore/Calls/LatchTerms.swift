internal import WireFormat

/// What the latch of a port begins with: all that is known of the endpoint by now.
struct LatchTerms: Equatable {
    private let signalled: TransportAddress?
    private let observed: ObservedEndpoint
    private let policy: SourceLatch.Policy
    private let isPublic: Bool
    private let isInUse: Bool

    /// - Parameter isInUse: the endpoint's packets come to this very port. Those that come to another one may leave its
    ///   NAT elsewhere.
    init(_ terms: MediaTerms, _ component: StreamComponent, isInUse: Bool) {
        (signalled, observed) =
            component == .rtcp
            ? (terms.signalledRTCPTarget, terms.observedRTCP) : (terms.signalledTarget, terms.observed)
        (policy, isPublic, self.isInUse) = (terms.policy, terms.isPublic, isInUse)
    }

    /// Before its port is in use, a latch learns nothing, and knows where the endpoint is expected: packets to it go there,
    /// its first packet from there locks, and one from elsewhere has not come too early to be believed.
    ///
    /// - Parameter now: monotonic nanoseconds.
    func latch(at now: UInt64) -> SourceLatch {
        var latch = SourceLatch(signalled: signalled, policy: policy)
        latch.signal(signalled, policy: policy, isPublic: isPublic && isInUse, at: now)
        if observed.source != nil || observed.isLocked {
            latch.restore(
                source: observed.source, target: observed.target, isLocked: isInUse && observed.isLocked,
                at: isInUse ? now : 0)
        }
        return latch
    }
}
