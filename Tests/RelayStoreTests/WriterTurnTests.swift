import RelayCore
import RelayStore
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// A new call is stored soon, whatever else the writer is about.
@Suite("Turns of the writer", .serialized, .timeLimit(.minutes(10)))
struct WriterTurnTests {
    /// Creates a call while the writer is at something, and counts how often it goes on with that before the call is stored.
    private final class Interruption: Sendable {
        private struct Values {
            var create: (@Sendable () throws -> Void)?
            var count: Int?
            var result: Int?
        }

        private let values = Mutex(Values())

        /// - Parameter create: at the next call that counts.
        func arm(_ create: @escaping @Sendable () throws -> Void) { values.withLock { $0.create = create } }

        var result: Int? { values.withLock { $0.result } }

        func see(_ call: WatchedStore.Call, counts: Bool) {
            if case .write(let offers) = call, offers.contains(where: { $0.callID == "new" }) {
                return values.withLock { $0.result = $0.result ?? $0.count }
            }
            guard counts else { return }
            let create = values.withLock { values in
                values.count = values.count.map { $0 + 1 }
                guard let create = values.create else { return nil as (@Sendable () throws -> Void)? }
                (values.create, values.count) = (nil, 0)
                return create
            }
            try? create?()
        }
    }

    private static let endings = 20_000

    /// A relay that remembers many endings, which are in the store.
    private static func group(_ store: InMemorySessionStore, _ watched: WatchedStore) async throws -> TestGroup {
        let version = CallVersion(
            instance: CallInstance(created: 1, node: "z"), ownership: Ownership(node: "z", epoch: 0), revision: 1)
        for number in 0..<endings {
            let callID = ByteString("\(number)")
            let ending = CallEnding(callID: callID, version: version, isFinal: true)
            store.plant(SessionRecord.ended(ending).encoded, at: callID)
        }
        let group = try TestGroup(watched, names: ["a"])
        try await group.settle()
        #expect(group["a"].replicator.status.rememberedEndings == endings)
        return group
    }

    @Test("a call that is created while everything is compared does not wait for that")
    func audit() async throws {
        let (store, interruption) = (InMemorySessionStore(), Interruption())
        let watched = WatchedStore(store) { (purpose, call) throws(StoreError) in
            guard purpose == .writing else { return }
            if case .headers = call { interruption.see(call, counts: true) }
            if case .write = call { interruption.see(call, counts: false) }
        }
        let group = try await Self.group(store, watched)
        defer { group.stop() }
        interruption.arm { try group["a"].create("new") }
        store.set(.none)  // ends all sessions; the next one is with another server
        let comparisons = try await eventually("it is stored") { interruption.result }
        #expect(comparisons <= 1)
        try await group.settle()
    }

    @Test("a call that is created while old endings are written again does not wait for them")
    func endings() async throws {
        let (store, interruption) = (InMemorySessionStore(), Interruption())
        let watched = WatchedStore(store) { (purpose, call) throws(StoreError) in
            if purpose == .writing, case .write = call { interruption.see(call, counts: true) }
        }
        let group = try await Self.group(store, watched)
        defer { group.stop() }
        interruption.arm { try group["a"].create("new") }
        store.lose()
        let writes = try await eventually("it is stored") { interruption.result }
        #expect(writes <= 1)
        try await group.settle()
        #expect(store.liveCalls == ["new"])
    }
}
