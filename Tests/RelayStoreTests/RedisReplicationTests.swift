import Foundation
import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// Three relays and a real Redis, to which everything happens that happens to a Redis.
@Suite(
    "Calls of several relays, through Redis", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct RedisReplicationTests {
    /// From `RELAY_TEST_SEED`, to see a failure again; else a new one.
    private static let seed =
        ProcessInfo.processInfo.environment["RELAY_TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
    /// How many calls are created, about.
    private static let calls = ProcessInfo.processInfo.environment["RELAY_TEST_CALLS"].flatMap(Int.init) ?? 2000

    private static func store(_ address: TransportAddress, cluster: String = "relay") throws -> RedisSessionStore {
        var settings = RedisSettings(try #require(RedisLocation("\(address)")))
        settings.cluster = cluster
        settings.patience = RedisPatience(connecting: .milliseconds(500), answering: .milliseconds(500))
        return RedisSessionStore(settings)
    }

    private static func reportsFailure(_ group: TestGroup) async throws {
        _ = try await eventually("the relays notice", within: .seconds(10)) {
            group.relays.allSatisfy { !$0.replicator.status.canWrite } ? true : nil
        }
    }

    @Test("whatever happens to Redis, in the end every relay holds what the clients were told")
    func converges() async throws {
        print("seed \(Self.seed); RELAY_TEST_SEED sets it")
        try await withTestRun("redis-converges") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let group = try TestGroup(try Self.store(redis.address))
            defer { group.stop() }
            var commands = RandomCommands(group, seed: Self.seed)
            // Of 20 commands 7 create a call. There are 8 rounds.
            let round = Self.calls * 20 / 7 / 8

            try commands.run(round)
            try await commands.calm()

            try await redis.kill()
            try await Self.reportsFailure(group)
            try commands.run(round)
            try await redis.restart(empty: false)
            try commands.run(round)
            try await commands.calm()

            redis.hang()
            try commands.run(round)
            try await Self.reportsFailure(group)
            redis.goOn()
            try commands.run(round)
            try await commands.calm()

            try await redis.kill()
            try commands.run(round)
            try await redis.restart(empty: true)
            try commands.run(round)
            try await commands.calm()

            try await redis.command("FLUSHALL")
            try commands.run(round)
            try await commands.calm()
            print("\(commands.created) calls created, \(commands.expected.count) left")
            for relay in group.relays { print(relay.replicator.status) }
            #expect(try await redis.command("DBSIZE") != "0")
        }
    }
}
