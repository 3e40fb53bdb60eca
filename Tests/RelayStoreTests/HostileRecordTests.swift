import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// Records that parse, and say what no relay would: whoever can write to the store must not be able to end one.
@Suite("Records that say strange things", .timeLimit(.minutes(10)))
struct HostileRecordTests {
    private static func record(epoch: UInt64, revision: UInt64) -> [UInt8] {
        Array(
            "relay/1 10 z \(epoch) z \(revision) L\nd4:call1:x4:nexti2e6:signali5e5:sidesld7:createdi1e2:idi1eeee".utf8)
    }

    @Test("numbers that leave no room for one more change are refused, counted, and left alone")
    func lastNumbers() async throws {
        let limit = RecordHeader.maximumCount
        #expect(RecordHeader(Self.record(epoch: limit, revision: limit).span) != nil)
        for (epoch, revision) in [(UInt64.max, 1), (1, UInt64.max), (limit + 1, 1), (1, limit + 1)] {
            #expect(RecordHeader(Self.record(epoch: epoch, revision: revision).span) == nil)
        }
        let store = InMemorySessionStore()
        let group = try TestGroup(store, names: ["a"])
        defer { group.stop() }
        try await group.settle()
        store.plant(Self.record(epoch: .max, revision: .max), at: "x")
        _ = try await eventually("it is counted") { group["a"].replicator.status.skippedRecords > 0 ? true : nil }
        #expect(group["a"].calls == [])
        // A call of that name goes on without protection, and says so.
        try group["a"].create("x")
        _ = try await eventually("it is unprotected") {
            group["a"].replicator.status.unprotectedCalls == 1 ? true : nil
        }
    }

    @Test("whatever a record says, a relay takes it over, answers for it, and lets it go")
    func anything() throws {
        let network = try LoopbackNetwork(portCount: 2)
        let local = network.host(1)
        let relay = try TestRelay("a", InMemorySessionStore(), address: local, ports: 20_000...20_999)
        defer { relay.stop() }
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = SplitMix(seed: seed)
        for number in 0..<300 {
            let callID = ByteString("\(number)")
            var snapshot = CallSnapshot.random(&generator, callID: callID)
            // Ports that this relay has, and times and numbers at their limits.
            for side in snapshot.sides.indices {
                if generator.flag() { snapshot.sides[side].participant.tag = side == 0 ? "caller" : "callee" }
                for media in snapshot.sides[side].media.indices where generator.flag() {
                    snapshot.sides[side].media[media].port = CallSnapshot.Port(
                        interface: "default", local: local, port: UInt16(20_000 + generator.number(0...1100)),
                        hasRTCP: generator.flag())
                }
                if generator.flag() { snapshot.sides[side].removeAt = generator.extreme() }
            }
            if generator.flag() { snapshot.lastSignal = generator.extreme() }
            if generator.flag() { snapshot.deleteAt = generator.extreme() }
            // What is read back is what a relay gets to see.
            guard case .live(let read) = try SessionRecord(SessionRecord.live(snapshot).encoded, of: callID) else {
                continue
            }
            relay.relay.apply(read)
            if generator.flag() { relay.relay.takeOver(addresses: [local]) }
            relay.relay.sweep(at: SystemClock.monotonic)
            try? relay.change(callID, port: 4000)
            try? relay.answer(callID)
            _ = relay.relay.query(callID: callID)
            _ = relay.relay.snapshot(of: callID)
            _ = relay.delete(callID)
            relay.relay.collect()
        }
        #expect(relay.calls.count == 0)
    }
}
