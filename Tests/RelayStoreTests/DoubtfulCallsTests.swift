import Testing
import WireFormat

@testable import RelayStore

@Suite("Calls of other relays that the store lacks")
struct DoubtfulCallsTests {
    private var calls = DoubtfulCalls()

    /// What is due when the others look like this.
    private mutating func due(_ peers: Set<String>, at now: UInt64) -> [ByteString] {
        calls.look(peers, patience: 10, at: now)
        return calls.due(.max).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    @Test("an owner that is there has some time to offer them")
    mutating func owner() {
        calls.add("1", of: "a", at: 100)
        #expect(due(["a"], at: 101).isEmpty)
        #expect(due(["a"], at: 110).isEmpty)
        calls.add("2", of: "a", at: 110)
        #expect(due(["a"], at: 111) == ["1"])
        let decision = calls.take("1")
        #expect(decision?.owner == "a" && decision?.isThere == true)
        #expect(calls.take("1") == nil)
        #expect(due(["a"], at: 119).isEmpty)
        #expect(due(["a"], at: 120) == ["2"])
    }

    @Test("an owner that is not there has as much time to come back, and then to offer them")
    mutating func absence() {
        calls.add("1", of: "a", at: 100)
        calls.add("2", of: "b", at: 100)
        #expect(due([], at: 101).isEmpty)
        #expect(due(["b"], at: 109).isEmpty)
        #expect(due(["b"], at: 110) == ["1"])
        #expect(calls.take("1")?.isThere == false)
        #expect(due(["b"], at: 118).isEmpty)
        // It goes again.
        #expect(due([], at: 119).isEmpty)
        #expect(due([], at: 128).isEmpty)
        #expect(due([], at: 129) == ["2"])
        #expect(calls.take("2")?.isThere == false)
        #expect(due([], at: 200).isEmpty)
    }
}
