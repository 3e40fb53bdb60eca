import RelayCore
import RelayTestSupport
import Testing
import WireFormat

/// A proxy's commands for many calls, drawn at random, and what the proxy has been told.
///
/// Commands for a call go to the relay that had the last one, as a proxy's do; after `calm` they may go to another. A
/// `delete` goes to any relay that knows the call.
struct RandomCommands {
    private let group: TestGroup
    private var generator: SplitMix
    private var homes: [ByteString: Int] = [:]
    private var calls: [ByteString] = []
    private(set) var created = 0
    /// No new call while so many are up.
    var mostCalls = Int.max
    /// Calls that are up, by what the relays have said, and the caller's port in each.
    private(set) var expected: [ByteString: UInt16] = [:]

    init(_ group: TestGroup, seed: UInt64) { (self.group, generator) = (group, SplitMix(seed: seed)) }

    /// Sends this many commands.
    mutating func run(_ count: Int) throws {
        for _ in 0..<count { try step() }
    }

    private mutating func step() throws {
        switch generator.number(0...99) {
        case 0..<35 where calls.count < mostCalls: try create()
        case 0..<80: try change()
        default: delete()
        }
    }

    private mutating func create() throws {
        let home = generator.number(0...group.relays.count - 1)
        let callID = ByteString("call-\(created)@example.com")
        let port = UInt16(generator.number(2000...2999))
        created += 1
        try group.relays[home].create(callID, port: Int(port))
        if generator.flag() { try group.relays[home].answer(callID) }
        (homes[callID], expected[callID]) = (home, port)
        calls.append(callID)
    }

    private mutating func change() throws {
        guard let callID = pick() else { return try create() }
        let home = homes[callID] ?? 0
        let port = UInt16(generator.number(3000...3999))
        try group.relays[home].change(callID, port: Int(port))
        expected[callID] = port
    }

    private mutating func delete() {
        guard let callID = pick() else { return }
        guard group.relays[generator.number(0...group.relays.count - 1)].delete(callID) else { return }
        expected[callID] = nil
        calls.removeAll { $0 == callID }
    }

    private mutating func pick() -> ByteString? {
        calls.isEmpty ? nil : calls[generator.number(0...calls.count - 1)]
    }

    /// Waits until all relays agree with what the proxy was told; from now on calls may move to other relays.
    mutating func calm() async throws {
        try await group.settle()
        try await check()
        for callID in calls { homes[callID] = generator.number(0...group.relays.count - 1) }
    }

    /// Every relay holds the calls that are up, each as it was changed last, and no others.
    func check() async throws {
        try await group.agree(on: Set(expected.keys))
        _ = try await eventually("every call is as it was changed last", every: .milliseconds(50)) {
            group.relays.allSatisfy { relay in expected.allSatisfy { relay.callersPort(of: $0.key) == $0.value } }
                ? true : nil
        }
    }
}
