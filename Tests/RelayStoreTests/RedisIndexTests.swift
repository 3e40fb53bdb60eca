import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// The change index holds what is in the store, and not what ever was.
@Suite(
    "The change index in Redis", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct RedisIndexTests {
    /// A Redis that notes every command that it runs.
    private static func start(_ run: TestRun) async throws -> (RedisServer, RedisSessionStore) {
        let network = try LoopbackNetwork(portCount: 2)
        let redis = try await RedisServer.start(
            at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run,
            ["--slowlog-log-slower-than", "0", "--slowlog-max-len", "100000"])
        return (redis, RedisSessionStore(RedisSettings(try #require(RedisLocation("\(redis.address)")))))
    }

    private static func endings(_ calls: [ByteString], for lifetime: Duration) -> [StoreOffer] {
        let version = CallVersion(
            instance: CallInstance(created: 1, node: "z"), ownership: Ownership(node: "z", epoch: 0), revision: 1)
        return calls.map { callID in
            let record = SessionRecord.ended(CallEnding(callID: callID, version: version, isFinal: true))
            return StoreOffer(callID: callID, header: record.header, record: record.encoded, lifetime: lifetime)
        }
    }

    private static func sizes(_ redis: RedisServer) async throws -> [String] {
        [try await redis.command("ZCARD", "relay:changes"), try await redis.command("ZCARD", "relay:endings")]
    }

    /// How many keys the largest script has had.
    private static func mostKeys(_ redis: RedisServer) async throws -> Int {
        let lines = try await redis.command("SLOWLOG", "GET", "-1").split(separator: "\n")
        return zip(lines, lines.dropFirst(2)).compactMap { $0 == "EVALSHA" ? Int($1) : nil }.max() ?? 0
    }

    @Test("endings leave the index soon after their time, however many there are")
    func manyEndings() async throws {
        try await withTestRun("redis-many-endings") { run in
            let (redis, store) = try await Self.start(run)
            let group = try TestGroup(store, names: ["a"])
            defer { group.stop() }
            try await group.settle()
            // Long enough for the relay to read them, so that it does not find their records missing.
            let session = try store.open(.writing, bell: try Bell())
            _ = try session.write(Self.endings((0..<3000).map { ByteString("\($0)") }, for: .seconds(2)))
            _ = try await eventually("the index is empty", every: .milliseconds(100)) {
                try await Self.sizes(redis) == ["0", "0"] ? true : nil
            }
            #expect(try await (4...3 + 512).contains(Self.mostKeys(redis)))
        }
    }

    @Test("what the index names without a record is removed, a little at a time")
    func withoutRecords() async throws {
        try await withTestRun("redis-without-records") { run in
            let (redis, store) = try await Self.start(run)
            let session = try store.open(.writing, bell: try Bell())
            _ = try session.write(Self.endings(["first"], for: .seconds(600)))
            try await redis.command(
                ["ZADD", "relay:changes"] + (0..<5000).flatMap { ["\($0 + 2)", "lost-\($0)"] })
            try await redis.command("SET", "relay:sequence", "5001")
            let group = try TestGroup(store, names: ["a"])
            defer { group.stop() }
            _ = try await eventually("the index is clear", every: .milliseconds(100)) {
                try await Self.sizes(redis) == ["1", "1"] ? true : nil
            }
            #expect(try await (4...3 + 512).contains(Self.mostKeys(redis)))
        }
    }

    @Test("endings whose records are kept for longer hide no others that are due")
    func renewed() async throws {
        try await withTestRun("redis-renewed") { run in
            let (redis, store) = try await Self.start(run)
            let session = try store.open(.writing, bell: try Bell())
            let kept = (0..<600).map { ByteString("kept-\($0)") }
            _ = try session.write(Self.endings(kept, for: .seconds(60)))
            // As if they had been offered a second time when they were old.
            try await redis.command(["ZADD", "relay:endings"] + kept.flatMap { ["1", "\($0)"] })
            _ = try session.write(Self.endings(["over"], for: .milliseconds(1)))
            _ = try await eventually("its record is gone") {
                try session.headers(of: ["over"]) == [.missing] ? true : nil
            }
            var visits = 1
            while try session.prune(now: SystemClock.wall), visits < 10 { visits += 1 }
            #expect(visits == 2)
            #expect(try await Self.sizes(redis) == ["600", "600"])
        }
    }
}
