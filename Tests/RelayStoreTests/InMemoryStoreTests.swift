import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

@Suite("The store in memory", .timeLimit(.minutes(10)))
struct InMemoryStoreTests {
    private let store = InMemorySessionStore()

    private static func offer(_ callID: ByteString, for lifetime: Duration) -> StoreOffer {
        let version = CallVersion(
            instance: CallInstance(created: 1, node: "a"), ownership: Ownership(node: "a", epoch: 0), revision: 1)
        let record = SessionRecord.ended(CallEnding(callID: callID, version: version, isFinal: true))
        return StoreOffer(callID: callID, header: record.header, record: record.encoded, lifetime: lifetime)
    }

    @Test("a session that is over leaves nothing behind")
    func bells() throws {
        weak var bell: Bell?
        do {
            let made = try Bell()
            bell = made
            for _ in 0..<3 {
                let session = try store.open(.following, bell: made)
                _ = try session.position()
            }
            // Of two sessions with one bell, the other goes on.
            let stays = try store.open(.following, bell: made)
            _ = try store.open(.following, bell: made)
            made.wait(.zero)
            _ = try store.open(.writing, bell: try Bell()).write([Self.offer("1", for: .seconds(60))])
            let (start, limit) = (ContinuousClock.now, Duration.seconds(120))
            try stays.awaitChange(limit)
            #expect(ContinuousClock.now - start < limit, "it was rung")
        }
        #expect(bell == nil)
    }

    @Test("what a relay says of itself, and leaves for others, is forgotten when it does not say it again")
    func lifetimes() throws {
        let session = try store.open(.writing, bell: try Bell())
        _ = try session.announce("gone", [1], lifetime: .zero)
        _ = try session.announce("there", [2], lifetime: .seconds(60))
        #expect(try session.announce("us", [3], lifetime: .seconds(60)).map(\.node) == ["there"])
        try session.leave([1], from: "gone", for: "us", lifetime: .zero)
        try session.leave([2], from: "there", for: "us", lifetime: .seconds(60))
        #expect(try session.notes(for: "us", from: ["gone", "there"]) == [nil, [2]])
    }

    @Test("records are kept for as long as they are offered again, those of endings with their place in the index")
    func records() throws {
        let session = try store.open(.writing, bell: try Bell())
        #expect(
            try session.write([Self.offer("1", for: .zero), Self.offer("2", for: .seconds(60))])
                == [.stored(sequence: 1), .stored(sequence: 2)])
        #expect(try session.headers(of: ["1", "2"]).map { $0 == .missing } == [true, false])
        #expect(try session.records(of: ["1", "2"]).map { $0 == .missing } == [true, false])
        #expect(try session.changes(after: 0, limit: 9).map(\.callID) == ["1", "2"])
        #expect(try !session.prune(now: SystemClock.wall))
        #expect(try session.changes(after: 0, limit: 9).map(\.callID) == ["2"])
        #expect(try session.position().pruned == 1)
        // Offered again, it is kept for longer.
        #expect(try session.write([Self.offer("2", for: .seconds(120))]) == [.known])
        #expect(try !session.prune(now: SystemClock.wall + 90_000_000_000))
        #expect(try session.headers(of: ["2"]) != [.missing])
        #expect(try !session.prune(now: SystemClock.wall + 150_000_000_000))
        #expect(try session.headers(of: ["2"]) == [.missing])
        #expect(try session.changes(after: 0, limit: 9).isEmpty)
        // What has expired is in nobody's way.
        #expect(try session.write([Self.offer("1", for: .seconds(60))]) == [.stored(sequence: 3)])
    }

    @Test("many old endings are removed some hundreds at a time")
    func manyEndings() throws {
        let session = try store.open(.writing, bell: try Bell())
        _ = try session.write((0..<1500).map { Self.offer(ByteString("\($0)"), for: .zero) })
        let now = SystemClock.wall
        #expect(try session.prune(now: now))
        #expect(try (500..<1100).contains(session.changes(after: 0, limit: .max).count))
        #expect(try session.prune(now: now))
        #expect(try !session.prune(now: now))
        #expect(try session.changes(after: 0, limit: .max).isEmpty)
    }

    @Test("a relay that has stopped is not alive for long")
    func stopped() async throws {
        let group = try TestGroup(store, names: ["a", "b"])
        defer { group["a"].stop() }
        func isAlive() -> Bool? { group["a"].replicator.status.peers.first { $0.node == "b" }?.isAlive }
        _ = try await eventually("b is there") { isAlive() == true ? true : nil }
        group["b"].stop()
        _ = try await eventually("b is gone", every: .milliseconds(50)) {
            isAlive() == false ? true : nil
        }
    }
}
