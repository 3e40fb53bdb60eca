import RelayCore
import Testing
import WireFormat

@Suite struct SourceLatchTests {
    private let signalled = TransportAddress("198.51.100.1:4000")!
    private let otherPort = TransportAddress("198.51.100.1:4002")!
    private let otherHost = TransportAddress("203.0.113.9:4000")!
    private let stranger = TransportAddress("203.0.113.66:666")!
    private let second: UInt64 = 1_000_000_000

    private func latch(_ change: (inout SourceLatch.Policy) -> Void = { _ in }) -> SourceLatch {
        var policy = SourceLatch.Policy()
        change(&policy)
        var latch = SourceLatch(signalled: signalled, policy: policy)
        latch.signal(signalled, policy: policy, isPublic: true, at: 0)
        return latch
    }

    @Test("the signalled address locks at once, and then nobody else gets in")
    func exact() {
        var latch = latch()
        #expect(latch.received(from: signalled, at: 1) == .learned)
        #expect(latch.isLocked)
        #expect(latch.received(from: stranger, at: 2) == .dropUnexpectedSource)
        #expect(latch.received(from: otherPort, at: 3) == .dropUnexpectedSource)
        #expect(latch.target == signalled)
    }

    @Test("heuristic: a source that resembles the SDP's beats one that does not, whatever came first")
    func heuristic() {
        var latch = latch()
        #expect(latch.received(from: stranger, at: 1) == .learned)
        #expect(latch.target == stranger)
        #expect(latch.received(from: otherHost, at: 2) == .learned)
        #expect(latch.received(from: otherPort, at: 3) == .learned)
        #expect(latch.target == otherPort)
        #expect(latch.received(from: stranger, at: 4) == .forward)
        #expect(latch.target == otherPort)
        #expect(!latch.isLocked)
        #expect(latch.received(from: otherPort, at: 4 * second) == .learned)
        #expect(latch.isLocked)
        #expect(latch.received(from: stranger, at: 4 * second) == .dropUnexpectedSource)
    }

    @Test("a stranger's packet after the window is refused, and its news is that whoever was learned is locked")
    func lockedByStranger() {
        var latch = latch()
        #expect(latch.received(from: otherPort, at: 1) == .learned)
        #expect(latch.received(from: stranger, at: 4 * second) == .lockOut)
        #expect(latch.isLocked && latch.source == otherPort && latch.target == otherPort)
        #expect(latch.received(from: stranger, at: 4 * second + 1) == .dropUnexpectedSource)
        #expect(latch.received(from: otherPort, at: 4 * second + 2) == .forward)
    }

    @Test("strict-source refuses worse candidates while learning")
    func strict() {
        var latch = latch { $0.isStrict = true }
        #expect(latch.received(from: otherPort, at: 1) == .learned)
        #expect(latch.received(from: otherHost, at: 2) == .dropUnexpectedSource)
        #expect(latch.received(from: signalled, at: 3) == .learned)
    }

    @Test("after the window the first packet decides")
    func late() {
        var latch = latch()
        #expect(latch.received(from: stranger, at: 10 * second) == .learned)
        #expect(latch.isLocked)
        #expect(latch.target == stranger)
    }

    @Test("delayed: every new source moves the target until the window ends")
    func delayed() {
        var latch = latch { $0.learning = .delayed }
        #expect(latch.received(from: otherPort, at: 1) == .learned)
        #expect(latch.received(from: otherPort, at: 2) == .forward)
        #expect(!latch.isLocked)
        #expect(latch.received(from: stranger, at: 2) == .learned)
        #expect(latch.target == stranger)
        #expect(latch.received(from: signalled, at: 4 * second) == .learned)
        #expect(latch.isLocked && latch.target == signalled)
    }

    @Test("immediate: the first packet decides") func immediate() {
        var latch = latch { $0.learning = .immediate }
        #expect(latch.received(from: stranger, at: 1) == .learned)
        #expect(latch.isLocked && latch.target == stranger)
    }

    @Test("off: the SDP's address is the target for good") func off() {
        var latch = latch { $0.learning = .off }
        #expect(latch.received(from: stranger, at: 1) == .forward)
        #expect(latch.target == signalled)
    }

    @Test("asymmetric: the target stays, and only what was learned is accepted") func asymmetric() {
        var latch = latch { $0.isAsymmetric = true }
        #expect(latch.received(from: otherPort, at: 4 * second) == .learned)
        #expect(latch.target == signalled)
        #expect(latch.received(from: stranger, at: 4 * second) == .dropUnexpectedSource)
        #expect(latch.received(from: otherPort, at: 5 * second) == .forward)
    }

    @Test("media-handover follows the source") func handover() {
        var latch = latch { $0.allowsHandover = true }
        _ = latch.received(from: signalled, at: 1)
        #expect(latch.received(from: stranger, at: 2) == .learned)
        #expect(latch.target == stranger)
    }

    @Test("a NAT that forgot its binding may come back from another port of the same address, after a silence")
    func rebind() {
        var latch = latch()
        _ = latch.received(from: signalled, at: 1)
        #expect(latch.received(from: otherPort, at: second) == .dropUnexpectedSource)
        #expect(latch.received(from: otherHost, at: 9 * second) == .dropUnexpectedSource)
        #expect(latch.received(from: otherPort, at: 9 * second) == .learned)
        #expect(latch.target == otherPort)
    }

    @Test("a re-offer with the same address takes the learned source back at its first packet")
    func reoffer() {
        var latch = latch()
        _ = latch.received(from: otherPort, at: 4 * second)
        latch.signal(signalled, policy: latch.policy, isPublic: true, at: 5 * second)
        #expect(latch.target == otherPort)
        #expect(latch.received(from: otherPort, at: 5 * second) == .learned)
        #expect(latch.isLocked)
        #expect(latch.received(from: stranger, at: 5 * second) == .dropUnexpectedSource)
    }

    @Test("a re-offer does not let a stranger be faster than an endpoint that is being heard")
    func strangerAtReoffer() {
        var latch = latch()
        _ = latch.received(from: otherPort, at: 4 * second)
        latch.signal(signalled, policy: latch.policy, isPublic: true, at: 4 * second + 1)
        _ = latch.received(from: stranger, at: 4 * second + 2)
        #expect(latch.target == otherPort)
        #expect(latch.received(from: otherPort, at: 4 * second + 3) == .learned)
        #expect(latch.isLocked)
        #expect(latch.received(from: stranger, at: 4 * second + 4) == .dropUnexpectedSource)
    }

    @Test("after a re-offer somebody else is learned once the endpoint has been silent for a while")
    func movedAtReoffer() {
        var latch = latch()
        _ = latch.received(from: otherPort, at: 4 * second)
        latch.signal(signalled, policy: latch.policy, isPublic: true, at: 4 * second + 1)
        #expect(latch.received(from: stranger, at: 4 * second + 2) == .forward)
        #expect(latch.received(from: stranger, at: 6 * second) == .learned)
        #expect(latch.target == stranger)
    }

    @Test(
        "a packet that is late from where the endpoint was does not bring it back there",
        arguments: [EndpointLearning.immediate, .delayed, .heuristic])
    func lateAfterMove(learning: EndpointLearning) {
        var latch = latch { $0.learning = learning }
        var former = signalled
        _ = latch.received(from: former, at: 4 * second)
        for target in [otherHost, otherPort] {  // the second time before anything has come from there
            latch.signal(target, policy: latch.policy, isPublic: true, at: 5 * second)
            #expect(latch.received(from: former, at: 5 * second + 1) == .forward)
            #expect(latch.target == target)
            former = target
        }
        // Who goes on sending from there has not moved.
        latch.signal(signalled, policy: latch.policy, isPublic: true, at: 5 * second)
        #expect(latch.received(from: former, at: 6 * second) == .learned)
        #expect(latch.target == former)
    }

    @Test("a packet that came in just before signalling does not close the window") func stampedLater() {
        var latch = latch()
        latch.signal(otherHost, policy: latch.policy, isPublic: true, at: 5 * second)
        #expect(latch.received(from: signalled, at: 5 * second - 1) == .forward)
        #expect(latch.received(from: stranger, at: 5 * second - 1) == .learned)
        #expect(!latch.isLocked)
        latch.restore(source: otherHost, target: otherHost, isLocked: true, at: 6 * second)
        let neighbour = otherHost.with(port: 4002)
        #expect(latch.received(from: neighbour, at: 6 * second - 1) == .dropUnexpectedSource)
    }

    @Test("an endpoint that is signalled where it was heard is expected there") func signalledWhereHeard() {
        var latch = latch()
        _ = latch.received(from: otherPort, at: 4 * second)
        latch.signal(otherPort, policy: latch.policy, isPublic: true, at: 5 * second)
        #expect(latch.received(from: otherPort, at: 5 * second + 1) == .learned)
        #expect(latch.isLocked)
    }

    @Test("hold with the unspecified address sends nothing and lets nobody in") func hold() {
        var latch = latch()
        _ = latch.received(from: signalled, at: 1)
        latch.signal(nil, policy: latch.policy, isPublic: true, at: 2)
        #expect(latch.target == nil)
        #expect(latch.received(from: stranger, at: 3) == .dropUnexpectedSource)
        latch.signal(signalled, policy: latch.policy, isPublic: true, at: 4)
        #expect(latch.target == signalled)
    }

    @Test("after a hold with the unspecified address an endpoint is heard at once", arguments: [true, false])
    func resume(isLocked: Bool) {
        var latch = latch()
        #expect(latch.received(from: otherHost, at: 1) == .learned)
        if isLocked { #expect(latch.received(from: otherHost, at: 4 * second) == .learned) }
        #expect(latch.isLocked == isLocked)
        latch.signal(nil, policy: SourceLatch.Policy(), isPublic: true, at: 5 * second)
        #expect(latch.target == nil)
        latch.signal(signalled, policy: SourceLatch.Policy(), isPublic: true, at: 6 * second)
        #expect(latch.received(from: otherHost, at: 6 * second + SourceLatch.lateness / 5) == .learned)
        #expect(latch.target == otherHost)
    }

    @Test("a stray RTCP packet on an RTP port confirms nothing") func stray() {
        var latch = latch()
        #expect(latch.received(from: signalled, confirms: false, at: 1) == .forward)
        #expect(!latch.isLocked)
    }

    @Test("a lock that came from another relay holds against the neighbours of its source from the first packet on")
    func restored() {
        var latch = latch()
        latch.restore(source: signalled, target: signalled, isLocked: true, at: 10 * second)
        #expect(latch.received(from: otherPort, at: 10 * second + 1) == .dropUnexpectedSource)
        #expect(latch.received(from: signalled, at: 10 * second + 2) == .forward)
    }
}
