import Foundation
import RelayCore
import RelayStore
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// Three relays and a real Redis, to which everything happens that happens to a Redis.
@Suite(
    "Calls of several relays, through Redis", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct RedisReplicationTests {
    /// From `RELAY_TEST_SEED`, to see a failure again; else a new one.
    private static let seed =
        ProcessInfo.processInfo.environment["RELAY_TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
    /// How many calls are created, about.
    private static let calls = ProcessInfo.processInfo.environment["RELAY_TEST_CALLS"].flatMap(Int.init) ?? 2000

    private static func store(_ location: String) throws -> RedisSessionStore {
        var settings = RedisSettings(try #require(RedisLocation(location)))
        settings.patience = RedisPatience(connecting: .milliseconds(500), answering: .milliseconds(500))
        return RedisSessionStore(settings)
    }

    /// Waits until every relay knows that nothing can be written.
    private static func noticed(_ group: TestGroup) async throws {
        _ = try await eventually("the relays notice") {
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
            let group = try TestGroup(try Self.store("\(redis.address)"))
            defer { group.stop() }
            var commands = RandomCommands(group, seed: Self.seed)
            // Of 20 commands 7 create a call. There are 8 rounds.
            let round = Self.calls * 20 / 7 / 8

            try commands.run(round)
            try await commands.calm()

            try await redis.kill()
            try await Self.noticed(group)
            try commands.run(round)
            try await redis.restart(empty: false)
            try commands.run(round)
            try await commands.calm()

            redis.hang()
            try commands.run(round)
            try await Self.noticed(group)
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
        }
    }

    @Test("a fail-over by Sentinel that loses writes loses no call, and brings none back")
    func failsOver() async throws {
        print("seed \(Self.seed); RELAY_TEST_SEED sets it")
        try await withTestRun("redis-fails-over") { run in
            let network = try LoopbackNetwork(portCount: 4)
            let first = network.ports.lowerBound
            let (master, replica, sentinel) = try await Self.sentinelGroup(network, first, in: run)
            let group = try TestGroup(try Self.store("sentinel://\(sentinel.address)/main"))
            defer { group.stop() }
            var commands = RandomCommands(group, seed: Self.seed)
            try commands.run(Self.calls / 4)
            try await commands.calm()

            // What happens now reaches the master and all relays, but not the replica.
            replica.hang()
            try commands.run(Self.calls / 4)
            try await commands.calm()
            try await master.kill()
            replica.goOn()
            try commands.run(Self.calls / 4)
            _ = try await eventually("the replica is master", every: .milliseconds(100)) {
                try await replica.command("ROLE").hasPrefix("master") ? true : nil
            }
            try commands.run(Self.calls / 4)
            try await commands.calm()
            #expect(group["a"].replicator.status.lastError != nil)
        }
    }

    @Test("the same while commands keep coming, over a fail-over by Sentinel and all the rest")
    func convergesThroughEverything() async throws {
        print("seed \(Self.seed); RELAY_TEST_SEED sets it")
        try await withTestRun("redis-everything") { run in
            let network = try LoopbackNetwork(portCount: 4)
            let first = network.ports.lowerBound
            let (master, replica, sentinel) = try await Self.sentinelGroup(network, first, in: run)
            let group = try TestGroup(try Self.store("sentinel://\(sentinel.address)/main"))
            defer { group.stop() }
            try await group.settle()

            // The proxies go on, whatever happens to Redis.
            let isOver = Flag()
            let proxies = Task {
                var commands = RandomCommands(group, seed: Self.seed)
                commands.mostCalls = 1000
                while !isOver.isSet || commands.created < Self.calls {
                    try commands.run(20)
                    try await Task.sleep(for: .milliseconds(10))
                }
                return commands
            }
            do {
                try await master.kill()
                _ = try await eventually("the replica is master", every: .milliseconds(100)) {
                    try await replica.command("ROLE").hasPrefix("master") ? true : nil
                }
                _ = try await eventually("all write again") {
                    group.relays.allSatisfy { $0.replicator.status.canWrite } ? true : nil
                }
                replica.hang()
                try await Self.noticed(group)
                replica.goOn()
                try await replica.command("FLUSHALL")
                try await replica.kill()
                try await Self.noticed(group)
                try await replica.restart(empty: true)
                // A replica that was started as one has to be told that it is the master now.
                try await replica.command("REPLICAOF", "NO", "ONE")
            } catch {
                isOver.set()
                proxies.cancel()
                throw error
            }
            isOver.set()
            var commands = try await proxies.value
            try await commands.calm()
            print("\(commands.created) calls created, \(commands.expected.count) left")
        }
    }

    /// A master, a replica that follows it, and a Sentinel that knows both.
    private static func sentinelGroup(
        _ network: LoopbackNetwork, _ first: UInt16, in run: TestRun
    ) async throws -> (master: RedisServer, replica: RedisServer, sentinel: RedisSentinel) {
        let master = try await RedisServer.start(
            "master", at: TransportAddress(network.host(100), port: first), in: run)
        let replica = try await RedisServer.start(
            "replica", at: TransportAddress(network.host(101), port: first + 1), in: run,
            [
                "--replicaof", "\(master.address.address)", "\(master.address.port)",
                "--replica-announce-ip", "\(network.host(101))",
            ])
        _ = try await eventually("the replica follows", every: .milliseconds(50)) {
            try await replica.command("INFO", "replication").contains("master_link_status:up") ? true : nil
        }
        let sentinel = try await RedisSentinel.start(
            at: TransportAddress(network.host(102), port: first + 2), over: master.address, in: run)
        _ = try await eventually("Sentinel knows the replica", every: .milliseconds(100)) {
            try await sentinel.ask(run, "replicas", "main").contains("master-link-status\nok") ? true : nil
        }
        return (master, replica, sentinel)
    }

    @Test("Sentinels that do not answer keep nobody out of step, nor from a master that is there")
    func sentinelsHang() async throws {
        try await withTestRun("redis-sentinels-hang") { run in
            let network = try LoopbackNetwork(portCount: 4)
            let port = network.ports.lowerBound
            let master = try await RedisServer.start(
                "master", at: TransportAddress(network.host(100), port: port), in: run)
            // One process at three addresses is like three that hang together.
            let hosts = (102...104).map { network.host($0) }
            let sentinel = try await RedisSentinel.start(
                at: TransportAddress(hosts[0], port: port + 2), and: Array(hosts[1...]), over: master.address, in: run)
            _ = try await eventually("Sentinel answers", every: .milliseconds(100)) {
                try await sentinel.ask(run, "get-master-addr-by-name", "main").contains("\(master.address.port)")
                    ? true : nil
            }
            let names = hosts.map { "\(TransportAddress($0, port: port + 2))" }.joined(separator: ",")
            var settings = RedisSettings(try #require(RedisLocation("sentinel://\(names)/main")))
            // Nor is a master given up that has to wait for a processor.
            settings.patience.answering = .seconds(2)
            let group = try TestGroup(RedisSessionStore(settings), names: ["a", "b"])
            defer { group.stop() }
            try await group.settle()

            sentinel.hang()
            defer { sentinel.goOn() }
            // Whoever asks one that hangs leaves a connection there. Three of them are a round.
            func attempts() -> Int {
                OpenSockets.local(.tcp).count { hosts.contains($0.address) && $0.port == port + 2 }
            }
            let (start, errors) = (attempts(), group.relays.map(\.replicator.status.errors))
            var calls: Set<ByteString> = []
            _ = try await eventually("three rounds have begun", every: .milliseconds(50)) {
                let callID = ByteString("\(calls.count)")
                try group["a"].create(callID)
                calls.insert(callID)
                try await group.agree(on: calls)
                return attempts() >= start + 7 ? true : nil
            }
            #expect(calls.count > 7, "a change does not wait for a Sentinel, let alone for three")
            #expect(group.relays.map(\.replicator.status.errors) == errors)
            try await group.settle()
            // A connection that breaks comes back to the master that was named last.
            try await master.command("CLIENT", "KILL", "TYPE", "normal")
            try group["a"].create("later")
            try await group.agree(on: calls.union(["later"]))
            try await group.settle()
        }
    }

    @Test("calls go on without Redis, or with one that hangs; the standby is equal when it is back")
    func redisAway() async throws {
        try await withTestRun("redis-away") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let group = try TestGroup(try Self.store("\(redis.address)"), names: ["a", "b"])
            defer { group.stop() }
            try await group.settle()
            var calls: Set<ByteString> = []
            for isHanging in [true, false] {
                if isHanging { redis.hang() } else { try await redis.kill() }
                for number in 0..<150 {
                    let callID = ByteString("\(isHanging)-\(number)")
                    try group["a"].create(callID)
                    try group["a"].answer(callID)
                    calls.insert(callID)
                }
                _ = try await eventually("it is noticed") {
                    let status = group["a"].replicator.status
                    return !status.isInStep && status.unprotectedCalls == 150 ? true : nil
                }
                if isHanging { redis.goOn() } else { try await redis.restart(empty: false) }
                try await group.agree(on: calls)
                try await group.settle()
            }
        }
    }

    @Test("what is not a record of ours is skipped, counted, and left where it is")
    func garbage() async throws {
        try await withTestRun("redis-garbage") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let group = try TestGroup(try Self.store("\(redis.address)"), names: ["a", "b"])
            defer { group.stop() }
            try group["a"].create("good")
            try await group.settle()
            try await redis.command("SET", "other", "not ours")
            try await redis.command("SET", "relay:call:x1", "garbage")
            try await redis.command("SET", "relay:call:x2", "relay/2 1 a 0 a 0 L\nd4:call2:x2e")
            try await redis.command("SET", "relay:call:x3", "relay/1 1 a 0 a 0 L\nd4:call2:x3")
            try await redis.command("RPUSH", "relay:call:x4", "a list")
            try await redis.command("SETRANGE", "relay:call:x5", "\(StoreLimits.recordLength + 10)", "x")
            for number in 1...5 { try await redis.command("ZADD", "relay:changes", "\(100 + number)", "x\(number)") }
            try await redis.command("ZADD", "relay:changes", "1.5", "half")
            try await redis.command("SET", "relay:sequence", "105")
            _ = try await eventually("they are counted") {
                group.relays.allSatisfy { $0.replicator.status.skippedRecords >= 5 } ? true : nil
            }
            // Calls whose places are taken go on, unprotected.
            for number in 1...5 { try group["a"].create(ByteString("x\(number)")) }
            _ = try await eventually("they are counted") {
                // The third one looks like a record of an earlier call, and gives way.
                group["a"].replicator.status.unprotectedCalls == 4 ? true : nil
            }
            #expect(try await redis.command("GET", "relay:call:x1") == "garbage")
            #expect(try await redis.command("GET", "relay:call:x2").hasPrefix("relay/2 "))
            #expect(try await redis.command("LLEN", "relay:call:x4") == "1")
            #expect(try await redis.command("STRLEN", "relay:call:x5") == "\(StoreLimits.recordLength + 11)")
            #expect(try await redis.command("GET", "other") == "not ours")
            try await group["b"].expect(["good", "x3"])
        }
    }
}

extension TestRelay {
    /// Waits until this relay holds these calls and no others.
    fileprivate func expect(_ expected: Set<ByteString>) async throws {
        _ = try await eventually("\(node) holds \(expected)") { calls == expected ? true : nil }
    }
}
