internal import SDP
internal import Synchronization
public import Logging
public import WireFormat

/// A media relay in this process: it opens ports, rewrites offers and answers so that media comes to them, and forwards
/// the packets.
///
/// All methods may be called from any thread; none blocks on the network. A command for one call does not wait for
/// commands for others.
///
/// ```swift
/// let relay = try Relay(Relay.Configuration(interfaces: [MediaInterface(local: address)]))
/// let toCallee = try relay.offer(Offer(callID: "1@a", fromTag: "caller", sdp: inviteBody))
/// let toCaller = try relay.answer(Answer(callID: "1@a", fromTag: "caller", toTag: "callee", sdp: okBody))
/// // … media flows …
/// _ = relay.delete(callID: "1@a")
/// relay.stop()
/// ```
public final class Relay: Sendable {
    /// How a relay is set up. The defaults are rtpengine's.
    public struct Configuration: Sendable {
        /// Where media is received; the first of a family is that family's default.
        public var interfaces: [MediaInterface]
        /// Other names for interfaces, each with the name that it stands for.
        public var interfaceAliases: [String: String] = [:]
        /// The ports on every address; RTP gets even ones.
        public var ports: ClosedRange<UInt16> = 30000...39999
        /// Those of them that other programs have, and that no new call gets.
        public var occupiedPorts: Set<UInt16> = []
        /// TOS octet or traffic class of media packets.
        public var tos: UInt8 = 0
        /// Media threads; `nil` for one on each core.
        public var mediaThreads: Int?
        /// Keep each media thread on a core of its own, and give out ports by which a network card can tell the threads
        /// apart (docs/adr/0026). Worth it when the card's queues and interrupts are on the same cores; without that the
        /// scheduler finds better places (docs/adr/0007).
        public var pinsMediaThreads = false
        /// Calls at a time; `nil` for no limit.
        public var maximumSessions: Int?
        /// How endpoints' real addresses are learned unless an offer says otherwise.
        public var endpointLearning = EndpointLearning.heuristic
        /// Scores are those of a conversation, to which delay matters (MOS-CQ); else of mere listening (MOS-LQ).
        public var ratesDelay = true
        /// When calls that nobody ends are ended.
        public var timeouts = Timeouts()
        /// The name of this relay among those that share their calls.
        public var node = "relay"
        /// Other relays keep calls on the same addresses: an eighth of each address's ports is left to those that back it
        /// up, so that two relays never hand out the same port.
        public var sharesAddresses = false
        /// Where the relay writes what happens to calls.
        public var logger = Logger(label: "relay")

        /// A relay on these interfaces.
        public init(interfaces: [MediaInterface]) { self.interfaces = interfaces }
    }

    /// Streams that one media thread can hold: 4 for each of 25,000 audio calls.
    private static let streamsPerWorker = 131_072

    let configuration: Configuration
    let interfaces: InterfaceTable
    private let lanes: PortLanes
    let plane: any ForwardingPlane
    /// Why every port has a socket although a steering was given.
    package let steeringRefusal: SystemError?
    let calls = Mutex<[ByteString: Call]>([:])
    let statistics = RelayStatistics()
    let adjustable: Mutex<Adjustable>
    /// How many of the calls belong to other relays.
    let foreignCalls = Atomic<Int>(0)
    /// Addresses that packets are known not to be routed to here; calls on them are not timed out.
    let carriage = Mutex(Carriage())
    /// Calls with an obstacle, as of the last sweep, and the next time that their ports are tried.
    let obstruction = Mutex<(calls: Int, reason: String?, nextTry: UInt64)>((0, nil, 0))
    /// When this process has gone on running after a while in which it did not; 0 before the first (`SweepSchedule`).
    let resumedAt = Atomic<UInt64>(0)
    private let observer = Mutex<(any CallObserver)?>(nil)
    private let loopMarker: ByteString
    /// The latest creation of a call that another relay has told of, in microseconds since the epoch.
    private let latestStamp = Atomic<UInt64>(0)
    /// Clocks that are further ahead are wrong, and nobody follows them; in microseconds.
    private static let clockTolerance: UInt64 = 60_000_000
    private let nextWorker = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    let isDraining = Atomic<Bool>(false)
    let bell: Poller
    private let housekeeper = Mutex<SystemThread?>(nil)

    /// Opens nothing but its threads; ports are opened as calls need them.
    ///
    /// - Throws: `RelayError.cannotStart` when there is no interface, no room for a pair of ports, or no thread.
    public convenience init(_ configuration: Configuration) throws(RelayError) {
        try self.init(configuration, runsHousekeeping: true)
    }

    /// - Parameters:
    ///   - runsHousekeeping: false for tests that move the clock themselves.
    ///   - steering: lets ports do without sockets; it covers the addresses of all interfaces.
    ///   - makePlane: wraps the user plane in another one (the kernel's).
    package init(
        _ configuration: Configuration, runsHousekeeping: Bool, steering: (any PortSteering)? = nil,
        makePlane: (UserPlane) throws(SystemError) -> any ForwardingPlane = { $0 }
    ) throws(RelayError) {
        guard configuration.interfaces.contains(where: { !$0.isBackup }) else {
            throw .cannotStart(cause: "no interface is configured")
        }
        self.configuration = configuration
        adjustable = Mutex(Adjustable(settings: RelaySettings(configuration)))
        let threads = max(1, configuration.mediaThreads ?? SystemThread.availableCores.count)
        lanes = configuration.pinsMediaThreads ? PortLanes(count: threads) : .single
        interfaces = InterfaceTable(
            configuration.interfaces, ports: configuration.ports, aliases: configuration.interfaceAliases,
            areShared: configuration.sharesAddresses, occupied: configuration.occupiedPorts, lanes: lanes)
        for interface in interfaces.interfaces where interface.ports.usage.total == 0 {
            throw .cannotStart(cause: "no RTP/RTCP port pair in \(configuration.ports)")
        }
        loopMarker = ByteString(String(UInt64.random(in: 1 << 44..<1 << 48), radix: 16))
        do throws(SystemError) {
            bell = try Poller()
            let userPlane = try UserPlane(
                threads: threads, capacity: Self.streamsPerWorker, isPinned: configuration.pinsMediaThreads,
                listener: bell, addresses: interfaces.interfaces.map(\.configuration.local),
                ratesDelay: configuration.ratesDelay, steering: steering)
            steeringRefusal = userPlane.steeringRefusal
            plane = try makePlane(userPlane)
            guard runsHousekeeping else { return }
            let keeper = try SystemThread(name: "housekeeper") { [self] in keepHouse() }
            housekeeper.withLock { $0 = keeper }
        } catch {
            throw .cannotStart(cause: "\(error)")
        }
    }

    /// Ends all forwarding and closes all ports. The relay cannot be used again.
    public func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        bell.wake()
        housekeeper.withLock { $0 }?.join()
        calls.withLock { $0.removeAll() }
        plane.stop()
    }

    var hasStopped: Bool { isStopped.load(ordering: .acquiring) }

    /// Sets who is told about changes to calls, for replication.
    package func observe(_ observer: any CallObserver) { self.observer.withLock { $0 = observer } }

    func notifyChanged(_ call: Call) { observer.withLock { $0 }?.callChanged(call.id) }
    func notifyEnded(_ ending: CallEnding) { observer.withLock { $0 }?.callEnded(ending) }

    // MARK: Offer and answer

    /// Creates or changes a call, and returns the SDP to send on to the offer's receiver.
    ///
    /// - Throws: a `RelayError`; the call, if there was one, is as it was before.
    public func offer(_ offer: Offer) throws(RelayError) -> [UInt8] { try outcome(of: offer).sdp }

    /// As `offer`, and says what was needed and is not built.
    package func outcome(of offer: Offer) throws(RelayError) -> NegotiationOutcome {
        let document = try Self.parse(offer.sdp)
        if offer.options.protectsFromLoops, document.session.loopMarker == loopMarker {
            return NegotiationOutcome(sdp: offer.sdp)
        }
        while true {
            let call = try findOrAdd(offer.callID, tos: offer.options.tos)
            let outcome = try negotiate(call, isShared: offer.options.isShared) { (work) throws(RelayError) in
                try work.offer(offer, document)
            }
            if let outcome { return outcome }
        }
    }

    /// Completes an offer, and returns the SDP to send back to the side that made it.
    ///
    /// - Throws: a `RelayError`; the call is as it was before.
    public func answer(_ answer: Answer) throws(RelayError) -> [UInt8] { try outcome(of: answer).sdp }

    /// As `answer`, and says what was needed and is not built.
    package func outcome(of answer: Answer) throws(RelayError) -> NegotiationOutcome {
        let document = try Self.parse(answer.sdp)
        if answer.options.protectsFromLoops, document.session.loopMarker == loopMarker {
            return NegotiationOutcome(sdp: answer.sdp)
        }
        guard let call = find(answer.callID) else { throw .unknownCall }
        let outcome = try negotiate(call, isShared: answer.options.isShared) { (work) throws(RelayError) in
            try work.answer(answer, document)
        }
        guard let outcome else { throw .unknownCall }
        return outcome
    }

    private static func parse(_ text: [UInt8]) throws(RelayError) -> SDPDocument {
        do throws(SDPError) { return try SDPDocument(parsing: text) } catch {
            throw .malformedSDP(reason: error.errorReason, detail: "\(error)")
        }
    }

    /// Runs one negotiation on a call; `nil` when the call ended before it was its turn.
    private func negotiate(
        _ call: Call, isShared: Bool, _ body: (inout Negotiation) throws(RelayError) -> [UInt8]
    ) throws(RelayError) -> NegotiationOutcome? {
        let context = NegotiationContext(
            interfaces: interfaces, plane: plane, defaultLearning: settings.endpointLearning,
            loopMarker: loopMarker, wall: SystemClock.wall / 1000, monotonic: SystemClock.monotonic)
        let outcome: NegotiationOutcome? = try call.state.withLock {
            (state) throws(RelayError) -> NegotiationOutcome? in
            guard !state.hasEnded else { return nil }
            if state.obstacle != nil { retryPorts(of: call, &state) }
            var work = Negotiation(call: call, state: state, context: context)
            do throws(RelayError) {
                let outcome = NegotiationOutcome(sdp: try body(&work), unmet: work.unmet.sorted())
                work.commit(to: &state)
                adopt(&state, at: context.monotonic)
                state.version.revision += 1
                return outcome
            } catch {
                work.abandon()
                // A call that was added for this very command has nobody else to end it.
                if state.participants.isEmpty { forget(call, &state) }
                throw error
            }
        }
        if outcome != nil, isShared { notifyChanged(call) }
        return outcome
    }

    func forget(_ call: Call, _ state: inout CallState) {
        state.hasEnded = true
        calls.withLock { calls in
            if calls[call.id] === call { calls[call.id] = nil }
        }
    }

    // MARK: The calls

    func find(_ id: ByteString) -> Call? { calls.withLock { $0[id] } }

    private func findOrAdd(_ id: ByteString, tos: UInt8?) throws(RelayError) -> Call {
        guard !hasStopped else { throw .stopped }
        if let call = find(id) { return call }
        let earlier = observer.withLock { $0 }?.latestCreation(of: id) ?? 0
        return try calls.withLock { (calls) throws(RelayError) -> Call in
            if let call = calls[id] { return call }
            try admit(besides: calls.count - foreignCallCount)
            let state = CallState(
                tos: tos ?? settings.tos, wall: max(nextStamp(), earlier &+ 1), monotonic: SystemClock.monotonic,
                node: configuration.node)
            let call = Call(id: id, worker: pickWorker(), state: state)
            calls[id] = call
            return call
        }
    }

    /// When a new call is created, in microseconds since the epoch: later than all that is known of other relays' calls,
    /// although their clocks may be ahead of ours. Else a Call-ID that is used again would count as the earlier call.
    private func nextStamp() -> UInt64 {
        let (wall, known) = (SystemClock.wall / 1000, latestStamp.load(ordering: .relaxed))
        return known >= wall && known - wall < Self.clockTolerance ? known + 1 : wall
    }

    /// Takes note of when a call was created, here or elsewhere.
    func noteStamp(_ stamp: UInt64) { latestStamp.max(stamp, ordering: .relaxed) }

    /// The media thread for the next call: each in turn, unless a port that it has already is meant for one.
    func pickWorker(for port: UInt16? = nil) -> UInt16 {
        if let port, lanes != .single { return UInt16(truncatingIfNeeded: lanes.lane(of: port)) }
        return UInt16(truncatingIfNeeded: nextWorker.add(1, ordering: .relaxed).oldValue % plane.workerCount)
    }

    /// The Call-IDs of at most `limit` calls, in no order.
    public func callIDs(limit: Int) -> [ByteString] { calls.withLock { Array($0.keys.prefix(max(0, limit))) } }

    /// The name of this relay among those that share their calls.
    public var node: String { configuration.node }

    /// How many calls there are.
    public var callCount: Int { calls.withLock { $0.count } }

    /// The ports on every address.
    public var ports: ClosedRange<UInt16> { configuration.ports }

    /// What has come in and gone out at each address, and how the sources there were heard, in the order of `portUsage`.
    package var interfaceTotals: [(traffic: InterfaceTraffic, quality: QualityTotals)] {
        interfaces.interfaces.map { ($0.trafficTotals, $0.qualityTotals) }
    }

    /// Ports in pairs, used and free ones, of each address.
    public var portUsage: [(interface: MediaInterface, total: Int, used: Int, free: Int)] {
        interfaces.interfaces.map { interface in
            let usage = interface.ports.usage
            return (interface.configuration, usage.total, usage.used, usage.free)
        }
    }
}

/// Is told when calls change, so that they can be stored. Called on whatever thread the change happened; must not block.
package protocol CallObserver: Sendable {
    /// When the last call with this Call-ID was created that is known to have been anywhere, in microseconds since the
    /// epoch; 0 when there was none. A new one has to be later, whatever clocks say, or it would count as that one.
    func latestCreation(of id: ByteString) -> UInt64
    /// A command, a learned address or a change of owner has changed the call.
    func callChanged(_ id: ByteString)
    /// The call is over. Not called for calls that ended because another relay said so.
    func callEnded(_ ending: CallEnding)
}

extension Relay {
    /// Whether an offer can ask for this logical interface.
    public func hasInterface(named name: String) -> Bool { interfaces.contains(name: name) }
}
