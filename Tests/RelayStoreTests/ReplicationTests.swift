import Glibc
import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// Three relays and a store that fails as the test wants it to.
@Suite("Calls of several relays", .serialized, .timeLimit(.minutes(10)))
struct ReplicationTests {
    private let store = InMemorySessionStore()

    @Test("every relay holds every call, as it was changed last")
    func follows() async throws {
        let group = try TestGroup(store)
        defer { group.stop() }
        try group["a"].create("1")
        try group["a"].answer("1")
        try group["b"].create("2")
        try await group.agree(on: ["1", "2"])
        #expect(group["b"].relay.isForeign(callID: "1") == true)
        try group["a"].change("1", port: 4100)
        _ = try await eventually("the change arrives") { group["c"].callersPort(of: "1") == 4100 ? true : nil }
        #expect(group["a"].delete("1"))
        try await group.agree(on: ["2"])
        try await group.settle()
        #expect(store.liveCalls == ["2"])
        _ = try await eventually("the others are known") {
            group["c"].replicator.status.peers.map(\.node) == ["a", "b"] ? true : nil
        }
    }

    @Test("a command on another relay moves the call there; its end on a third one ends it everywhere")
    func moves() async throws {
        let group = try TestGroup(store)
        defer { group.stop() }
        try group["a"].create("1")
        try group["a"].answer("1")
        try await group.agree(on: ["1"])
        try group["b"].change("1", port: 4200)
        _ = try await eventually("the owner hears of it") {
            group["a"].callersPort(of: "1") == 4200 && group["a"].relay.isForeign(callID: "1") == true ? true : nil
        }
        #expect(group["b"].relay.isForeign(callID: "1") == false)
        #expect(group["c"].delete("1"))
        try await group.agree(on: [])
    }

    @Test("failures in a row are those since the store was there last, also on a relay that has no calls of its own")
    func errorsInARow() async throws {
        let log = LogLines()
        let group = try TestGroup(store, names: ["a"], log: log) { options in
            (options.allowedErrors, options.disableTime) = (1, .seconds(600))
        }
        defer { group.stop() }
        for server in 0..<4 {
            _ = try await eventually("a connection with server \(server)") {
                log.all.contains("writing calls to memory \(server)") ? true : nil
            }
            store.set(.none)  // ends all sessions
        }
    }

    @Test("a call that comes and goes between two writes costs nothing")
    func shortCalls() async throws {
        store.set(.away)
        let group = try TestGroup(store, names: ["a"])
        defer { group.stop() }
        for index in 0..<100 {
            try group["a"].create(ByteString("\(index)"))
            #expect(group["a"].delete(ByteString("\(index)")))
        }
        try group["a"].create("stays")
        #expect(group["a"].replicator.status.unprotectedCalls == 1)
        store.set(.none)
        try await group.settle()
        #expect(store.liveCalls == ["stays"])
        #expect(group["a"].replicator.status.writtenChanges == 1)
    }

    @Test("no command waits for the store: all are done while every call to it hangs")
    func storeHangs() async throws {
        let (isHanging, hanging) = (Flag(), Counter())
        let watched = WatchedStore(store) { (_, _) throws(StoreError) in
            guard isHanging.isSet else { return }
            hanging.add()
            while isHanging.isSet { usleep(1000) }
        }
        let group = try TestGroup(watched, names: ["a"])
        defer {
            isHanging.clear()
            group.stop()
        }
        try group["a"].create("earlier")
        try await group.settle()
        isHanging.set()
        _ = try await eventually("reading and writing hang") { hanging.value == 2 ? true : nil }
        for index in 0..<150 {
            try group["a"].create(ByteString("\(index)"))
            try group["a"].answer(ByteString("\(index)"))
        }
        #expect(group["a"].delete("earlier"))
        #expect(hanging.value == 2)
        #expect(group["a"].replicator.status.unprotectedCalls == 150)
        isHanging.clear()
        try await group.settle()
        #expect(store.liveCalls == Set((0..<150).map { ByteString("\($0)") }))
    }

    @Test("a relay that starts holds what is in the store before anybody asks it")
    func restores() async throws {
        let group = try TestGroup(store, names: ["a", "b"])
        for index in 0..<200 { try group["a"].create(ByteString("\(index)")) }
        try await group.settle()
        group.stop()
        let again = try TestGroup(store, names: ["a"])
        defer { again.stop() }
        _ = try await eventually("restored") { again["a"].replicator.restoration == .complete ? true : nil }
        #expect(again["a"].relay.callCount == 200)
        #expect(again["a"].relay.foreignCallCount == 0, "its own calls are its own again")
    }

    @Test("a relay that starts after the latest ending has left the index is in step")
    func latestIsGone() async throws {
        let group = try TestGroup(store, names: ["a"], endingLifetime: .milliseconds(1))
        defer { group.stop() }
        for callID: ByteString in ["1", "2"] { try group["a"].create(callID) }
        try await group.settle()
        #expect(group["a"].delete("2"))
        let session = try store.open(.writing, bell: try Bell())
        _ = try await eventually("its ending is gone") {
            try session.changes(after: 0, limit: 9).map(\.callID) == ["1"] ? true : nil
        }
        let fresh = try TestGroup(store, names: ["b"])
        defer { fresh.stop() }
        try await fresh.settle()
        #expect(fresh["b"].replicator.status.gaps == 0)
    }

    @Test("what was deleted while its owner was down stays deleted when it returns")
    func noResurrection() async throws {
        let group = try TestGroup(store, names: ["a", "b"])
        try group["a"].create("1")
        try group["a"].create("2")
        try await group.agree(on: ["1", "2"])
        group["a"].stop()
        #expect(group["b"].delete("1"))
        _ = try await eventually("the end is stored") { store.liveCalls == ["2"] ? true : nil }
        let again = try TestGroup(store, names: ["a"])
        defer { again.stop() }
        try await again.agree(on: ["2"])
        try await again.settle()
        #expect(group["b"].calls == ["2"])
        group["b"].stop()
    }

    @Test("two relays of one name are noticed")
    func oneName() async throws {
        let (first, second) = (try TestGroup(store, names: ["a"]), try TestGroup(store, names: ["a"]))
        defer {
            first.stop()
            second.stop()
        }
        _ = try await eventually("it is said") {
            first["a"].replicator.status.lastError?.contains("our name") == true ? true : nil
        }
    }

    @Test(
        "a Call-ID that is used again is a new call, also on a relay whose clock is behind, or has been set back",
        arguments: [5, 3600, 30 * 86_400] as [UInt64])
    func reuse(_ seconds: UInt64) async throws {
        let group = try TestGroup(store, names: ["a", "b"])
        defer { group.stop() }
        // A call that was created by a clock that is ahead, and ended.
        let version = CallVersion(
            instance: CallInstance(created: SystemClock.wall / 1000 + seconds * 1_000_000, node: "z"),
            ownership: Ownership(node: "z", epoch: 3), revision: 7)
        store.plant(
            SessionRecord.ended(CallEnding(callID: "1", version: version, isFinal: true)).encoded, at: "1")
        _ = try await eventually("both have heard") {
            group.relays.allSatisfy { $0.replicator.status.appliedChanges == 1 } ? true : nil
        }
        try group["b"].create("1")
        try await group.agree(on: ["1"])
        try await group.settle()
        #expect(store.liveCalls == ["1"])
    }

    @Test("a store that has lost everything gets it back from those who know it, endings included")
    func storeLosesAll() async throws {
        let group = try TestGroup(store)
        defer { group.stop() }
        for index in 0..<50 { try group.relays[index % 3].create(ByteString("\(index)")) }
        try await group.settle()
        for index in 0..<10 { #expect(group["a"].delete(ByteString("\(index)"))) }
        try await group.settle()
        store.lose()
        try await group.settle()
        let expected = Set((10..<50).map { ByteString("\($0)") })
        try await group.agree(on: expected)
        _ = try await eventually("all is stored again") { store.liveCalls == expected ? true : nil }
    }

    @Test("a fail-over to a replica that lagged loses nothing")
    func storeGoesBack() async throws {
        let group = try TestGroup(store)
        defer { group.stop() }
        for index in 0..<30 { try group.relays[index % 3].create(ByteString("\(index)")) }
        try await group.settle()
        let goBack = store.copy()
        for index in 0..<10 { #expect(group["b"].delete(ByteString("\(index)"))) }
        for index in 30..<40 { try group["c"].create(ByteString("\(index)")) }
        try await group.settle()
        goBack()
        let expected = Set((10..<40).map { ByteString("\($0)") })
        try await group.settle()
        try await group.agree(on: expected)
        _ = try await eventually("all is stored again") { store.liveCalls == expected ? true : nil }
    }

    @Test("what is not a record of ours is skipped, counted, and left where it is")
    func garbage() async throws {
        let group = try TestGroup(store, names: ["a", "b"])
        defer { group.stop() }
        try group["a"].create("good")
        try await group.settle()
        let strange: [(ByteString, [UInt8])] = [
            ("x1", Array("garbage".utf8)), ("x2", Array("relay/2 1 a 0 a 0 L\nd4:call2:x2e".utf8)),
            ("x3", Array("relay/1 1 a 0 a 0 L\nd4:call2:x3".utf8)), ("x4", Array("relay/1 1 a".utf8)),
            ("x5", [UInt8](repeating: 0x61, count: StoreLimits.recordLength + 1)),
        ]
        for (callID, record) in strange { store.plant(record, at: callID) }
        _ = try await eventually("they are counted") {
            group.relays.allSatisfy { $0.replicator.status.skippedRecords >= 5 } ? true : nil
        }
        // A call whose place is taken goes on, unprotected.
        try group["a"].create("x1")
        _ = try await eventually("it is counted") {
            group["a"].replicator.status.unprotectedCalls == 1 ? true : nil
        }
        for (callID, record) in strange { #expect(store.record(of: callID) == record) }
        #expect(group["b"].calls == ["good"])
        #expect(group["a"].delete("x1"))
    }
}
