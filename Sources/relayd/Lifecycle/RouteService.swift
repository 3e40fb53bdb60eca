internal import Logging
internal import RelayCore
internal import RelayFailover
internal import ServiceLifecycle
internal import Synchronization
internal import WireFormat

/// Decides several times a second which of our addresses the network should send to us, and takes calls over with them.
final class RouteService: Service {
    /// Between two looks.
    private static let interval = Duration.milliseconds(100)
    /// Packets are looked for at every so many looks, as that goes through all calls.
    private static let looksPerCount = 5
    /// The network gets so long to send packets elsewhere before silence means anything, in nanoseconds.
    private static let convergence: UInt64 = 500_000_000
    /// So long without a packet means that there are none, in nanoseconds.
    static let silence: UInt64 = 300_000_000

    private struct State {
        var intents: [RouteIntent]
        var levels: [IPAddress: RouteLevel] = [:]
        var looks = 0
        var used: Set<IPAddress> = []
        var lastPackets: [IPAddress: UInt64] = [:]
        var lent: [IPAddress: UInt64] = [:]
        var isDraining = false
        var answers = AnswerWatch()
    }

    private let relay: Relay
    private let outlet: RouteOutlet
    private let replication: @Sendable () -> RouteConditions.Replication
    private let log: Logger
    private let state: Mutex<State>
    private let lastAnswer = Atomic<UInt64>(0)
    private let start = SystemClock.monotonic

    /// - Parameters:
    ///   - home, backups: addresses that we serve first of all, and those that we serve when their home does not.
    ///   - replication: how our calls compare with what others know; asked several times a second.
    init(
        relay: Relay, home: [IPAddress], backups: [IPAddress], outlet: RouteOutlet,
        replication: @escaping @Sendable () -> RouteConditions.Replication, log: Logger
    ) {
        (self.relay, self.outlet, self.replication, self.log) = (relay, outlet, replication, log)
        var intents: [RouteIntent] = []
        for (addresses, role) in [(home, RouteIntent.Role.home), (backups, .backup)] {
            for address in addresses where !intents.contains(where: { $0.address == address }) {
                intents.append(RouteIntent(address: address, role: role))
            }
        }
        state = Mutex(State(intents: intents))
    }

    /// The command path has just answered. Any thread.
    func noteAnswer() { lastAnswer.store(SystemClock.monotonic, ordering: .relaxed) }

    /// What is announced, and why.
    var intents: [RouteIntent] { state.withLock { $0.intents } }

    func run() async throws {
        while !Task.isShuttingDownGracefully {
            look()
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Whether an address is a home address that could be lent now.
    func canLend(_ address: IPAddress) -> Bool { state.withLock { Self.canLend(address, $0) } }

    private static func canLend(_ address: IPAddress, _ state: State) -> Bool {
        !state.isDraining && state.lent[address] ?? 0 < SystemClock.monotonic
            && state.intents.contains { $0.address == address && $0.role == .home && $0.state == .serving }
    }

    /// Lends a home address to its backup until a moment; false when it is not ours to lend.
    func lend(_ address: IPAddress, until end: UInt64) -> Bool {
        let isLent = state.withLock { state in
            guard Self.canLend(address, state) else { return false }
            state.lent[address] = end
            return true
        }
        if isLent { look() }
        return isLent
    }

    /// Whether the command path has answered lately.
    var isAnswering: Bool {
        // A look of somebody else's is none of ours.
        var answers = state.withLock { $0.answers }
        return answers.look(at: SystemClock.monotonic, lastAnswer: lastAnswer.load(ordering: .relaxed))
    }

    /// Makes the network send packets elsewhere, and waits until none comes any more, at most `limit`.
    func drain(within limit: Duration) async {
        state.withLock { $0.isDraining = true }
        look()
        let start = SystemClock.monotonic
        let addresses = Set(intents.map(\.address))
        while !isQuiet(addresses, since: start) {
            guard SystemClock.monotonic &- start < limit.nanoseconds else {
                log.warning("packets still come after \(limit): nobody else serves these addresses")
                break
            }
            // A cancelled wait is a short one.
            try? await Task.sleep(for: .milliseconds(50))
            look()
        }
        state.withLock { state in
            for index in state.intents.indices { state.intents[index].finishDraining() }
        }
        look()
    }

    private func isQuiet(_ addresses: Set<IPAddress>, since start: UInt64) -> Bool {
        let last = max(start &+ Self.convergence, relay.lastPackets(at: addresses).values.max() ?? 0)
        let now = SystemClock.monotonic
        return now > last && now &- last >= (last == start &+ Self.convergence ? 0 : Self.silence)
    }

    /// Looks at the conditions, and has changes announced and calls taken over.
    func look() {
        let now = SystemClock.monotonic
        countPackets(at: now)
        let replication = replication()
        let answered = lastAnswer.load(ordering: .relaxed)
        var takenOver: Set<IPAddress> = []
        let (changes, uncarried) = state.withLock { state in
            let isAnswering = state.answers.look(at: now, lastAnswer: answered)
            for index in state.intents.indices {
                let address = state.intents[index].address
                var conditions = RouteConditions()
                conditions.replication = replication
                conditions.isAnswering = isAnswering
                conditions.isDraining = state.isDraining
                conditions.isLent = state.lent[address].map { now < $0 } ?? false
                conditions.isUsed = state.used.contains(address)
                if state.intents[index].update(conditions, at: now) == .takeOver { takenOver.insert(address) }
            }
            var changes: [RouteIntent] = []
            for intent in state.intents where state.levels[intent.address] ?? .none != intent.level {
                state.levels[intent.address] = intent.level
                changes.append(intent)
            }
            return (changes, Set(state.intents.filter { !$0.isCarried(at: now) }.map(\.address)))
        }
        relay.setUncarried(uncarried, at: now)
        if !takenOver.isEmpty {
            let count = relay.takeOver(addresses: takenOver)
            let list = takenOver.map { "\($0)" }.sorted().joined(separator: ", ")
            log.notice("serves \(list): \(count) calls taken over")
        }
        for intent in changes {
            log.notice("\(intent.address): \(intent.reason.rawValue)")
            outlet.announce(intent.address, at: intent.level)
        }
        outlet.tick()
    }

    /// Notes which addresses have got packets lately, of those that others may serve: all that we back up, and those that
    /// we stand by for.
    private func countPackets(at now: UInt64) {
        let addresses: Set<IPAddress>? = state.withLock { state in
            state.looks += 1
            guard state.looks % Self.looksPerCount == 1 else { return nil }
            return Set(
                state.intents.filter { $0.role == .backup ? $0.state != .withdrawn : $0.state == .standby }.map(
                    \.address))
        }
        guard let addresses else { return }
        let latest = addresses.isEmpty ? [:] : relay.lastPackets(at: addresses)
        state.withLock { state in
            // What the kernel has forwarded for a relay before this one says nothing of now.
            state.used = Set(latest.filter { $0.value > state.lastPackets[$0.key] ?? start }.map(\.key))
            state.lastPackets.merge(latest) { max($0, $1) }
        }
    }
}
