import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// What gets old: records of quiet calls, endings, and what a relay knows that was cut off.
@Suite(
    "Time and the records in Redis", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct RedisAgeTests {
    private static func start(_ run: TestRun) async throws -> RedisServer {
        let network = try LoopbackNetwork(portCount: 2)
        let redis = try await RedisServer.start(
            at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
        // One of the relays comes as somebody of its own, who can be locked out.
        try await redis.command("ACL", "SETUSER", "other", "on", ">pw", "~*", "&*", "+@all")
        return redis
    }

    private static func store(_ redis: RedisServer, as user: String = "") throws -> RedisSessionStore {
        RedisSessionStore(RedisSettings(patientWith: try #require(RedisLocation("redis://\(user)\(redis.address)"))))
    }

    private static func lockOut(_ redis: RedisServer, _ group: TestGroup) async throws {
        try await redis.command("ACL", "SETUSER", "other", "off")
        try await redis.command("CLIENT", "KILL", "USER", "other")
        _ = try await eventually("b is cut off") {
            let status = group["b"].replicator.status
            return !status.canRead && !status.canWrite ? true : nil
        }
    }

    private static func letIn(_ redis: RedisServer) async throws {
        try await redis.command("ACL", "SETUSER", "other", "on")
    }

    @Test("the record of a quiet call is refreshed while its owner lives, and goes when nobody does")
    func refreshed() async throws {
        try await withTestRun("redis-refreshed") { run in
            let redis = try await Self.start(run)
            let group = try TestGroup(try Self.store(redis), names: ["a"], expiry: .seconds(12))
            try group["a"].create("1")
            try await group.settle()
            var (refreshes, last) = (0, 12_000)
            _ = try await eventually("it is refreshed again and again", every: .milliseconds(50)) {
                let left = Int(try await redis.command("PTTL", "relay:call:1")) ?? -2
                #expect(left > 0, "the record is gone although its owner lives")
                if left > last { refreshes += 1 }
                last = left
                return refreshes >= 3 ? true : nil
            }
            group.stop()
            _ = try await eventually("it is gone", every: .milliseconds(100)) {
                try await redis.command("EXISTS", "relay:call:1") == "0" ? true : nil
            }
        }
    }

    @Test("relays that are gone, however many, hide none that is there")
    func gone() async throws {
        try await withTestRun("redis-gone") { run in
            let redis = try await Self.start(run)
            let anHourAgo = SystemClock.wall / 1_000_000 - 3_600_000
            let names = (0..<2 * StoreLimits.peers).flatMap { ["\(anHourAgo + UInt64($0))", "pod-\($0)"] }
            try await redis.command(["ZADD", "relay:nodes"] + names)
            let group = try TestGroup(try Self.store(redis), names: ["a", "b"])
            defer { group.stop() }
            _ = try await eventually("they see each other") {
                group.relays.allSatisfy { $0.replicator.status.peers.contains(where: \.isAlive) } ? true : nil
            }
            #expect(try await redis.command("ZCARD", "relay:nodes") == "\(StoreLimits.peers)")
        }
    }

    @Test("endings that were pruned unread are a gap: everything is read again, and nothing comes back")
    func pruned() async throws {
        try await withTestRun("redis-pruned") { run in
            let redis = try await Self.start(run)
            let group = try TestGroup(
                try Self.store(redis), names: ["a", "b"], stores: ["b": try Self.store(redis, as: "other:pw@")])
            defer { group.stop() }
            for number in 0..<10 { try group["a"].create(ByteString("\(number)")) }
            try await group.settle()
            try await group.agree(on: Set((0..<10).map { ByteString("\($0)") }))

            try await Self.lockOut(redis, group)
            for number in 0..<5 { #expect(group["a"].delete(ByteString("\(number)"))) }
            _ = try await eventually("the endings are stored") {
                try await redis.command("ZCARD", "relay:endings") == "5" ? true : nil
            }
            // As if their time were up.
            var pruned = 0
            for number in 0..<5 {
                pruned = max(pruned, Int(try await redis.command("ZSCORE", "relay:changes", "\(number)")) ?? 0)
                try await redis.command("DEL", "relay:call:\(number)")
                for index in ["relay:changes", "relay:endings"] { try await redis.command("ZREM", index, "\(number)") }
            }
            try await redis.command("SET", "relay:pruned", "\(pruned)")
            try group["a"].create("later")
            let before = group["b"].replicator.status

            try await Self.letIn(redis)
            try await group.agree(on: Set((5..<10).map { ByteString("\($0)") } + ["later"]))
            try await group.settle()
            let after = group["b"].replicator.status
            #expect(after.gaps == before.gaps + 1)
            #expect(after.resyncs == before.resyncs + 1)
        }
    }

    @Test("a relay that was cut off for longer than endings are kept revives none of the calls that ended meanwhile")
    func stale() async throws {
        try await withTestRun("redis-stale") { run in
            let redis = try await Self.start(run)
            let lifetime = Duration.seconds(2)
            let group = try TestGroup(
                try Self.store(redis), names: ["a", "b"], endingLifetime: lifetime,
                stores: ["b": try Self.store(redis, as: "other:pw@")])
            for callID: ByteString in ["ends", "stays"] { try group["a"].create(callID) }
            try await group.settle()
            try await group.agree(on: ["ends", "stays"])

            try await Self.lockOut(redis, group)
            #expect(group["a"].delete("ends"))
            // Nobody remembers the ending: neither Redis nor the relay that was told, which is another process now.
            _ = try await eventually("the ending is pruned", every: .milliseconds(100)) {
                try await redis.command("ZSCORE", "relay:changes", "ends").isEmpty ? true : nil
            }
            group["a"].stop()
            let again = try TestGroup(try Self.store(redis), names: ["a"], endingLifetime: lifetime)
            defer {
                again.stop()
                group["b"].stop()
            }
            _ = try await eventually("the owner is back") { again["a"].calls == ["stays"] ? true : nil }

            #expect(group["b"].calls == ["ends", "stays"])
            try await Self.letIn(redis)
            _ = try await eventually("b gives it up", every: .milliseconds(50)) {
                #expect(again["a"].calls == ["stays"])
                return group["b"].calls == ["stays"] ? true : nil
            }
            #expect(try await redis.command("EXISTS", "relay:call:ends") == "0")
        }
    }
}
