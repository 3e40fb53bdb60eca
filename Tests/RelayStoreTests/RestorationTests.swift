import Glibc
import RelayCore
import RelayStore
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// How long a start waits for the calls in the store.
@Suite("Reading the store at the start", .serialized, .timeLimit(.minutes(10)))
struct RestorationTests {
    /// A time that only a test lets pass, and how often it was asked for.
    private final class Clock: Sendable {
        private let time = Atomic<UInt64>(0)
        private let looks = Atomic<Int>(0)
        private let isStopped = Atomic<Bool>(false)

        func now() -> UInt64 {
            looks.add(1, ordering: .acquiringAndReleasing)
            return time.load(ordering: .acquiring)
        }

        /// Lets time pass, and waits until somebody has seen it.
        func pass(_ seconds: UInt64) {
            time.add(seconds * 1_000_000_000, ordering: .acquiringAndReleasing)
            let before = looks.load(ordering: .acquiring)
            while looks.load(ordering: .acquiring) < before + 2, !isStopped.load(ordering: .acquiring) { sched_yield() }
        }

        /// Nobody looks any more.
        func stop() { isStopped.store(true, ordering: .releasing) }
    }

    @Test("a start waits for as long as calls keep coming, however many there are")
    func manyCalls() async throws {
        let store = InMemorySessionStore()
        let first = try TestGroup(store, names: ["a"])
        for index in 0..<1000 { try first["a"].create(ByteString("\(index)")) }
        try await first.settle()
        first.stop()

        let clock = Clock()
        let slow = WatchedStore(store) { (_, call) throws(StoreError) in if case .records = call { clock.pass(6) } }
        let group = try TestGroup(slow, names: ["b"])
        defer {
            clock.stop()
            group.stop()
        }
        #expect(try await group["b"].replicator.restore(patience: .seconds(10), clock: clock.now) == .complete)
        #expect(clock.now() >= 20_000_000_000)
        #expect(group["b"].relay.callCount == 1000)
    }

    @Test("a start does not wait for a store from which nothing comes, however often it is back")
    func nothing() async throws {
        let store = InMemorySessionStore()
        store.plant(Array("garbage".utf8), at: "1")
        let clock = Clock()
        let broken = WatchedStore(store) { (_, call) throws(StoreError) in
            guard case .records = call else { return }
            clock.pass(3)
            throw StoreError(.connectionLost, "gone again")
        }
        let group = try TestGroup(broken, names: ["a"])
        defer {
            clock.stop()
            group.stop()
        }
        #expect(try await group["a"].replicator.restore(patience: .seconds(10), clock: clock.now) == .failed)
        #expect((10_000_000_000...15_000_000_000).contains(clock.now()))
    }
}
