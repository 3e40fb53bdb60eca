import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// Passwords, users with few rights, and servers that are not the master.
@Suite(
    "Ways to a Redis", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct RedisAccessTests {
    private static func location(_ text: String) throws -> RedisLocation { try #require(RedisLocation(text)) }

    /// Two relays see each other's calls come, change and go.
    private static func share(_ settings: RedisSettings) async throws {
        let group = try TestGroup(RedisSessionStore(settings), names: ["a", "b"])
        defer { group.stop() }
        try await group.settle()
        try group["a"].create("1")
        try group["b"].create("2")
        try await group.agree(on: ["1", "2"])
        try group["b"].change("1", port: 4100)
        _ = try await eventually("the change arrives") { group["a"].callersPort(of: "1") == 4100 ? true : nil }
        #expect(group["a"].delete("2"))
        try await group.agree(on: ["1"])
        #expect(group["b"].delete("1"))
        try await group.agree(on: [])
        try await group.settle()
    }

    @Test("a password, a user of its own, and one who may not listen, list or configure")
    func secrets() async throws {
        try await withTestRun("redis-secrets") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            try await redis.command("ACL", "SETUSER", "full", "on", ">p:w", "~relay:*", "+@all")
            try await redis.command(
                "ACL", "SETUSER", "bare", "on", ">p@w", "~relay:*", "+@all", "-@dangerous", "+info", "+role")
            try await redis.command("CONFIG", "SET", "requirepass", "secret")
            #expect(try await redis.command("GET", "relay:sequence").contains("NOAUTH"))

            for access in ["secret@", "redis://:secret@", "redis://full:p:w@", "redis://bare:p@w@"] {
                try await Self.share(RedisSettings(try Self.location("\(access)\(redis.address)")))
            }
        }
    }

    @Test("with a wrong password calls go on, and the reason is told without the password")
    func wrongPassword() async throws {
        try await withTestRun("redis-wrong-password") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            try await redis.command("CONFIG", "SET", "requirepass", "secret")
            let settings = RedisSettings(try Self.location("guessed@\(redis.address)"))
            let group = try TestGroup(RedisSessionStore(settings), names: ["a"])
            defer { group.stop() }
            try group["a"].create("1")
            _ = try await eventually("the reason is told") {
                group["a"].replicator.status.lastError?.contains("WRONGPASS") == true ? true : nil
            }
            #expect(group["a"].replicator.status.lastError?.contains("guessed") == false)
            #expect(group["a"].replicator.status.unprotectedCalls == 1)
        }
    }

    @Test("a replica that comes to follow another master is read anew")
    func otherMaster() async throws {
        try await withTestRun("redis-other-master") { run in
            let network = try LoopbackNetwork(portCount: 4)
            let (port, address) = (network.ports.lowerBound, network.host(100))
            let following = ["--replicaof", "\(address)", "\(port)"]
            let first = try await RedisServer.start("first", at: TransportAddress(address, port: port), in: run)
            let second = try await RedisServer.start(
                "second", at: TransportAddress(network.host(101), port: port + 1), in: run, following)
            let replica = try await RedisServer.start(
                "replica", at: TransportAddress(network.host(102), port: port + 2), in: run, following)
            for server in [second, replica] {
                _ = try await eventually("it follows", every: .milliseconds(50)) {
                    try await server.command("INFO", "replication").contains("master_link_status:up") ? true : nil
                }
            }
            func calls(_ numbers: Range<Int>) -> Set<ByteString> { Set(numbers.map { ByteString("\($0)") }) }
            func store(_ server: RedisServer) throws -> RedisSessionStore {
                RedisSessionStore(RedisSettings(try Self.location("\(server.address)")))
            }
            var settings = RedisSettings(try Self.location("\(replica.address)"))
            settings.writing = try Self.location("\(first.address)")
            let group = try TestGroup(
                try store(first), names: ["a", "b"], stores: ["b": RedisSessionStore(settings)])
            defer { group.stop() }
            for callID in calls(0..<10) { try group["a"].create(callID) }
            try await group.agree(on: calls(0..<10))
            _ = try await eventually("the second has them", every: .milliseconds(50)) {
                try await second.command("GET", "relay:sequence") == "10" ? true : nil
            }

            // Both go on from here, each with other changes under the same numbers.
            try await second.command("REPLICAOF", "NO", "ONE")
            for callID in calls(10..<20) { try group["a"].create(callID) }
            try await group.agree(on: calls(0..<20))
            let other = try TestGroup(try store(second), names: ["c"])
            defer { other.stop() }
            try await other.settle()
            for callID in calls(20..<35) { try other["c"].create(callID) }
            try await other.settle()
            try await replica.command("REPLICAOF", "\(second.address.address)", "\(second.address.port)")
            try await TestGroup.agree([group["b"]], on: calls(0..<35))
        }
    }

    @Test("reading from a replica, writing to the master, woken up by either", arguments: [false, true])
    func replica(listensToMaster: Bool) async throws {
        try await withTestRun("redis-replica-\(listensToMaster)") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let master = try await RedisServer.start(
                "master", at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let replica = try await RedisServer.start(
                "replica", at: TransportAddress(network.host(101), port: network.ports.upperBound), in: run,
                ["--replicaof", "\(master.address.address)", "\(master.address.port)"])
            _ = try await eventually("the replica follows", every: .milliseconds(50)) {
                try await replica.command("INFO", "replication").contains("master_link_status:up") ? true : nil
            }
            var settings = RedisSettings(try Self.location("\(replica.address)"))
            settings.writing = try Self.location("\(master.address)")
            if listensToMaster { settings.subscription = settings.writing }
            try await Self.share(settings)
            #expect(try await master.command("GET", "relay:sequence") == replica.command("GET", "relay:sequence"))
        }
    }

    @Test(
        "a server that lets everybody in and refuses what is written is not taken for one that can be written to",
        arguments: [
            (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "OOM"),
            (
                ["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"],
                "NOREPLICAS"
            ),
            (["ACL", "SETUSER", "default", "-evalsha"], ["ACL", "SETUSER", "default", "+evalsha"], "NOPERM"),
        ])
    func refusesWrites(fault: [String], cure: [String], reason: String) async throws {
        try await withTestRun("redis-refuses-\(reason)") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let log = LogLines()
            let group = try TestGroup(
                RedisSessionStore(RedisSettings(patientWith: try Self.location("\(redis.address)"))), names: ["a"],
                log: log)
            defer { group.stop() }
            try await group.settle()
            func count(_ text: String) -> Int { log.all.count { $0.hasPrefix(text) } }
            #expect(count("writing calls to") == 1)

            try await redis.command(fault)
            try group["a"].create("1")
            let before = group["a"].replicator.status.errors
            _ = try await eventually("it is tried again and again: \(group["a"].replicator.status)") {
                group["a"].replicator.status.errors > before + 8 ? true : nil
            }
            #expect(group["a"].replicator.status.lastError?.contains(reason) == true)
            #expect(!group["a"].replicator.status.canWrite)
            // All that there is to read is read: nobody knows more.
            _ = try await eventually("it is not behind") {
                group["a"].replicator.standing.step == .unreachable ? true : nil
            }
            #expect(count("writing calls to") == 1)
            #expect(count("calls are unprotected") == 1)

            try await redis.command(cure)
            try await group.settle()
            #expect(count("writing calls to") == 2)
        }
    }
}
