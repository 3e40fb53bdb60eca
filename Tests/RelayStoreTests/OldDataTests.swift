import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// A store that comes back with what it had long ago, as from last night's backup.
@Suite("Old data in the store", .serialized, .timeLimit(.minutes(10)))
struct OldDataTests {
    /// Endings are forgotten within seconds here, and not after ten minutes.
    private static func group(_ store: any SessionStore) throws -> TestGroup {
        try TestGroup(store, endingLifetime: .seconds(1)) { options in
            (options.tidying, options.patience) = (.milliseconds(500), .seconds(1))
        }
    }

    private static func calls(_ numbers: Range<Int>) -> Set<ByteString> { Set(numbers.map { ByteString("\($0)") }) }

    /// Calls come and go between the copy and its return: some have ended so long before that nobody remembers.
    ///
    /// - Parameters:
    ///   - copy: keeps what the store has now.
    ///   - goBack: has the store begin again with that.
    private static func run<Copy>(
        _ store: any SessionStore, copy: () async throws -> Copy, goBack: (Copy) async throws -> Void
    ) async throws {
        let group = try Self.group(store)
        defer { group.stop() }
        for index in 0..<30 { try group.relays[index % 3].create(ByteString("\(index)")) }
        for index in 15..<30 { try group.relays[index % 3].answer(ByteString("\(index)")) }
        try await group.settle()
        try await group.agree(on: calls(0..<30))
        let old = try await copy()

        for index in 0..<10 { #expect(group["b"].delete(ByteString("\(index)"))) }
        for index in 30..<40 { try group.relays[index % 3].create(ByteString("\(index)")) }
        for index in 20..<25 { try group["a"].change(ByteString("\(index)"), port: 6000) }
        try await group.settle()
        _ = try await eventually("the endings are forgotten, and each knows its calls") {
            let all = group.relays.map(\.replicator.status)
            return all.allSatisfy { $0.rememberedEndings == 0 && $0.knowsItsCalls } ? true : nil
        }
        for index in 10..<15 { #expect(group["c"].delete(ByteString("\(index)"))) }
        try await group.settle()
        let before = group.relays.map(\.replicator.status.resyncs)

        try await goBack(old)
        _ = try await eventually("all have noticed") {
            zip(group.relays, before).allSatisfy { $0.replicator.status.resyncs > $1 } ? true : nil
        }
        _ = try await eventually("what is long over is ended in the store") {
            // Ten; and five more, if on a busy machine the later endings have been forgotten meanwhile, too.
            10...15 ~= group.relays.map(\.replicator.status.staleCalls).reduce(0, +) ? true : nil
        }
        try await group.settle()
        try await group.agree(on: calls(15..<40))
        for relay in group.relays {
            for index in 20..<25 { #expect(relay.callersPort(of: ByteString("\(index)")) == 6000) }
        }
        // Whoever starts now finds what is right.
        let fresh = try TestGroup(store, names: ["d"])
        defer { fresh.stop() }
        try await fresh.settle()
        try await fresh.agree(on: calls(15..<40))
    }

    @Test("ended calls stay ended, living ones live on, in memory")
    func memory() async throws {
        let store = InMemorySessionStore()
        try await Self.run(store) {
            store.copy()
        } goBack: {
            $0()
        }
    }

    @Test(
        "ended calls stay ended, living ones live on, with a Redis that was restored from a dump",
        .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
    func redis() async throws {
        try await withTestRun("redis-old-data") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let store = RedisSessionStore(RedisSettings(try #require(RedisLocation("\(redis.address)"))))
            try await Self.run(store) {
                try redis.dump()
            } goBack: { dump in
                try await redis.kill()
                try await redis.restart(from: dump)
            }
        }
    }

    @Test("a call that ended while the store was away is not stored again by others before its own relay is back")
    func endedMeanwhile() async throws {
        let store = InMemorySessionStore()
        let (isAway, isRevived, beats) = (Flag(), Flag(), Counter())
        let first = WatchedStore(store) { (_, _) throws(StoreError) in
            if isAway.isSet { throw StoreError(.cannotConnect, "not yet") }
        }
        let second = WatchedStore(store) { (_, call) throws(StoreError) in
            if case .prune = call { beats.add() }
            if case .write(let offers) = call, offers.contains(where: { $0.header.isLive }) { isRevived.set() }
        }
        let group = try TestGroup(
            store, names: ["a", "b"], endingLifetime: .milliseconds(1), stores: ["a": first, "b": second]
        ) { $0.patience = .seconds(30) }
        defer { group.stop() }
        try group["a"].create("1")
        try await group.settle()
        try await group.agree(on: ["1"])

        store.set(.away)
        isAway.set()
        _ = try await eventually("both are cut off") {
            group.relays.allSatisfy { !$0.replicator.status.canWrite } ? true : nil
        }
        #expect(group["a"].delete("1"))
        store.lose()
        _ = try await eventually("b has compared") { group["b"].replicator.status.isInStep ? true : nil }
        let before = beats.value
        _ = try await eventually("b waits for a") { beats.value >= before + 2 ? true : nil }
        isAway.clear()
        try await group.agree(on: [])
        try await group.settle()
        #expect(!isRevived.isSet)
        #expect(store.liveCalls.isEmpty)
    }

    @Test("what the store says of another relay's calls, or of one's own at the start, is believed")
    func believed() async throws {
        let store = InMemorySessionStore()
        let network = try LoopbackNetwork(portCount: 2)
        /// A call as an earlier process of a relay has left it.
        func plant(_ callID: ByteString, of node: String) throws {
            let relay = try TestRelay(
                node, InMemorySessionStore(), address: network.host(1), ports: network.ports.lowerBound...65_535)
            defer { relay.stop() }
            try relay.create(callID)
            let snapshot = try #require(relay.relay.snapshot(of: callID))
            store.plant(SessionRecord.live(snapshot).encoded, at: callID)
        }
        try plant("own", of: "a")
        let group = try Self.group(store)
        defer { group.stop() }
        try await group.agree(on: ["own"])
        _ = try await eventually("each knows its calls") {
            group.relays.allSatisfy { $0.replicator.status.knowsItsCalls } ? true : nil
        }
        try plant("later", of: "a")
        try plant("elsewhere", of: "z")
        try await group.agree(on: ["own", "later", "elsewhere"])
        let before = group.relays.map(\.replicator.status.resyncs)
        store.copy()()
        _ = try await eventually("all have noticed") {
            zip(group.relays, before).allSatisfy { $0.replicator.status.resyncs > $1 } ? true : nil
        }
        try await group.settle()
        try await group.agree(on: ["own", "later", "elsewhere"])
        #expect(group.relays.allSatisfy { $0.replicator.status.staleCalls == 0 })
    }
}
