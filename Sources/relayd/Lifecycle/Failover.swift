internal import DaemonOptions
internal import Logging
internal import RelayCore
internal import RelayFailover
internal import RelayOperations
internal import RelayStore
internal import ServiceLifecycle

/// What this relay does so that others can go on for it, and it for others: signs of life, routes, an end without loss.
struct Failover: Service {
    private let relay: Relay
    private let kernel: KernelForwarding
    private let shared: SharedCalls?
    private let link: GuardLink?
    private let routes: RouteService
    private let isAnnouncing: Bool
    private let home: [IPAddress]
    private let drainLimit: Duration
    private let log: Logger

    /// - Throws: when routes are to be announced, nobody guards us, and the interfaces cannot be had.
    init(
        _ configuration: Configuration, relay: Relay, kernel: KernelForwarding, shared: SharedCalls?, link: GuardLink?,
        method: AnnounceMethod?, log: Logger
    ) throws(SystemError) {
        (self.relay, self.kernel, self.shared, self.link, self.log) = (relay, kernel, shared, link, log)
        isAnnouncing = method != nil
        home = configuration.homeAddresses
        drainLimit = .seconds(configuration.drainTimeout)
        routes = RouteService(
            relay: relay, home: home, backups: configuration.backupAddresses,
            outlet: try RouteOutlet(link: link, method: method, log: log),
            replication: { shared?.routeConditions ?? .absent }, log: log)
    }

    /// Begins to give signs of life, each after an answer on the command path.
    func beat(through ask: @escaping @Sendable ([UInt8], @escaping @Sendable ([UInt8]) -> Void) -> Void) throws {
        try Heartbeat(
            ask: ask, knock: { [relay] in relay.knockOnMediaThreads() },
            beat: { [relay, kernel, shared, link, routes, home] in
                // The registry of calls answers too.
                let hasCalls = relay.callCount > 0
                routes.noteAnswer()
                let standing = shared?.standing
                link?.tell(
                    .beat(
                        CallSafety(
                            isCarried: kernel.carriesCalls, isShared: !hasCalls || standing?.canWrite ?? false,
                            isAlone: Self.isAlone(at: home, standing))))
            }, log: log
        ).start()
    }

    /// For one of these addresses at least there is no other relay that could go on with its calls. While the store is away
    /// what was heard last counts.
    private static func isAlone(at home: [IPAddress], _ standing: ReplicationStanding?) -> Bool {
        !home.allSatisfy { standing?.peers(at: $0).contains(where: \.isInStep) ?? false }
    }

    func run() async throws {
        // Without routes there is nothing to decide.
        if isAnnouncing { try await routes.run() } else { try await gracefulShutdown() }
    }

    /// No new calls; with routes, packets go elsewhere first.
    func drain() async {
        relay.beginDraining()
        if isAnnouncing { await routes.drain(within: drainLimit) }
    }

    /// Whether calls can be sent here, and why not.
    private var readiness: Readiness {
        var now = RouteConditions()
        now.replication = shared?.routeConditions ?? .absent
        (now.isAnswering, now.isDraining) = (routes.isAnswering, relay.isLeaving)
        return Readiness(now, isRestored: shared?.isRestored ?? true, routes: isAnnouncing ? routes.intents : [])
    }

    /// Adds commands.
    func register(with operations: Operations) {
        operations.add(ReadinessCommand { readiness })
        let survival = CallSurvival(relay: relay, shared: shared)
        let drill = Drill(relay: relay, routes: routes, shared: shared, log: log)
        let drilling = DrillCommand(drill: drill, survival: survival)
        for command in RouteCommands.all(routes, drilling, isAnnouncing: isAnnouncing) { operations.add(command) }
    }
}

extension SharedCalls {
    /// How our calls compare with what the others know.
    var routeConditions: RouteConditions.Replication {
        switch standing.step {
        case .inStep: .inStep
        case .behind: .behind
        case .unreachable: .unreachable
        }
    }
}
