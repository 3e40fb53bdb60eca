internal import DaemonOptions
internal import Foundation
internal import Logging
internal import RelayCore
internal import RelayOperations
internal import RelayStore
internal import WireFormat

/// This relay's part in a group that shares its calls through Redis.
struct SharedCalls {
    /// How long the start waits for a Redis without which it is not to happen, while nothing comes from there.
    private static let patience = Duration.seconds(10)
    /// After so long without anything from there the log says what the start waits for.
    private static let silence = Duration.seconds(1)
    private static let usualAnswer = Duration.seconds(1)

    private let replicator: Replicator

    /// Takes over the calls that are in the store; `nil` when calls are not shared.
    ///
    /// - Throws: `SharingError` when an option makes no sense, or when Redis is needed and cannot be read.
    init?(_ options: Configuration, relay: Relay, log: Logger) async throws {
        // One address is enough, whichever it is.
        guard let text = options.redis ?? options.redisWrite ?? options.redisSubscribe else { return nil }
        let settings = try Self.settings(options, redis: text)
        var replication = ReplicationOptions(node: options.node ?? Self.hostName)
        replication.expiry = .seconds(options.redisExpires)
        replication.allowedErrors = options.redisAllowedErrors < 0 ? nil : options.redisAllowedErrors
        replication.disableTime = .seconds(options.redisDisableTime)
        replication.addresses = relay.portUsage.map { "\($0.interface.local)" }
        replicator = try Replicator(
            relay: relay, store: RedisSessionStore(settings), options: replication, log: log)
        try replicator.start()
        do {
            try await restore(isRequired: !options.noRedisRequired, log)
        } catch {
            replicator.stop()
            throw error
        }
        log.notice(
            "node \(replication.node) shares calls as '\(options.cluster)'; \(relay.callCount) taken over at start")
    }

    private func restore(isRequired: Bool, _ log: Logger) async throws {
        let first = try await replicator.restore(patience: Self.silence, endsWithFailure: !isRequired)
        if first == .complete || first == .failed && !isRequired { return }
        log.warning("the start waits for the calls in Redis (\(obstacle))")
        let second = try await replicator.restore(
            patience: isRequired ? Self.patience - Self.silence : nil, endsWithFailure: !isRequired)
        guard second == .complete || !isRequired else {
            throw SharingError("Redis cannot be read (\(obstacle)); --no-redis-required starts without it")
        }
    }

    /// What keeps Redis from being read.
    private var obstacle: String { replicator.status.lastError ?? "no answer so far" }

    /// All calls that are in the store have been taken over.
    var isRestored: Bool { replicator.restoration == .complete }

    /// How this relay stands, for whoever decides by it.
    var standing: ReplicationStanding { replicator.standing }

    /// Calls whose last change nobody else can have.
    var unprotectedCalls: Set<ByteString> { replicator.unprotectedCalls }

    /// The other relays that live and have calls on an address.
    func peers(at address: IPAddress) -> [String] { standing.peers(at: address).map(\.node) }

    /// Asks them what has arrived at an address (`Replicator.ask`).
    func ask(_ question: ReadingsQuestion?) { replicator.ask(question) }

    /// What they have answered so far.
    var answers: [String: [StreamReading]] { replicator.answers }

    /// Writes the last changes and ends. Calls stay in the store.
    func stop() { replicator.stop() }

    /// Adds numbers and commands.
    func register(with operations: Operations) {
        operations.add(ReplicationMetrics(replicator: replicator))
        operations.add(ClusterCommand(replicator: replicator))
    }

    // MARK: Options

    static func settings(_ options: Configuration, redis: String) throws(SharingError) -> RedisSettings {
        var settings = RedisSettings(try location(redis, "redis", options.redisPassword))
        settings.writing = try options.redisWrite.map { (text) throws(SharingError) in
            try location(text, "redis-write", options.redisWritePassword ?? options.redisPassword)
        }
        settings.subscription = try options.redisSubscribe.map { (text) throws(SharingError) in
            try location(text, "redis-subscribe", options.redisSubscribePassword ?? options.redisPassword)
        }
        // Relays used to have a database each and to watch each other's. Configured like that they still find each other:
        // all choose the lowest number.
        if let lowest = options.subscribeKeyspace.filter({ $0 >= 0 }).min() {
            settings.location.database = min(settings.location.database, lowest)
            settings.writing?.database = settings.location.database
            settings.subscription?.database = settings.location.database
        }
        settings.cluster = options.cluster
        settings.patience.connecting = .milliseconds(max(1, options.redisConnectTimeout))
        settings.patience.answering =
            options.redisCmdTimeout == 0 ? usualAnswer : .milliseconds(options.redisCmdTimeout)
        return settings
    }

    private static func location(
        _ text: String, _ option: String, _ password: String?
    ) throws(SharingError) -> RedisLocation {
        guard var location = RedisLocation(text) else {
            throw SharingError(
                "--\(option): write [PASSWORD@]HOST:PORT[/DATABASE], redis://HOST or sentinel://HOST,…/MASTER")
        }
        location.password = location.password ?? password
        return location
    }

    /// What this host is called, as far as it can be part of a key.
    static let hostName: String = {
        let text = (try? String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)) ?? ""
        let name = text.prefix { !$0.isNewline }.map { RecordHeader.isName("\($0)") ? $0 : "-" }
        return name.isEmpty ? "relay" : String(name.prefix(RecordHeader.maximumNameLength))
    }()
}

extension ReplicationStanding {
    /// The other relays that live and have calls on an address.
    func peers(at address: IPAddress) -> [ReplicationStatus.Peer] {
        peers.filter { $0.isAlive && $0.addresses.contains("\(address)") }
    }
}

/// Why calls cannot be shared.
struct SharingError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
