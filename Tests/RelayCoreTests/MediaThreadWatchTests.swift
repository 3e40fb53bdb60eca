import RelayCore
import RelayTestSupport
import Testing
import WireFormat

@Suite("Whether media threads come round")
struct MediaThreadWatchTests {
    private static let start: UInt64 = 1_000_000_000_000

    /// Looks each 50 ms; what was found first.
    private static func look(
        _ watch: inout MediaThreadWatch, from: UInt64, to: UInt64, _ visits: (UInt64) -> [UInt64]
    ) -> Int? {
        var found: Int?
        for time in stride(from: from, through: to, by: 50) {
            found = found ?? watch.look(visits(time), at: start + time * 1_000_000)
        }
        return found
    }

    @Test("one that comes no more is found after 150 ms, and no more once it comes again")
    func finds() {
        var watch = MediaThreadWatch()
        #expect(Self.look(&watch, from: 0, to: 500) { [$0, $0 * 2] } == nil)
        #expect(Self.look(&watch, from: 550, to: 600) { [$0, 7] } == nil)
        #expect(Self.look(&watch, from: 650, to: 700) { [$0, 7] } == 1)
        #expect(Self.look(&watch, from: 750, to: 750) { [$0, 8] } == nil)
    }

    @Test("time in which nobody looked is not held against them")
    func ownStall() {
        var watch = MediaThreadWatch()
        #expect(Self.look(&watch, from: 0, to: 100) { _ in [7] } == nil)
        #expect(Self.look(&watch, from: 5000, to: 5100) { _ in [7] } == nil)
        #expect(Self.look(&watch, from: 5150, to: 5150) { _ in [7] } == 0)
    }

    @Test("a thread that cannot be woken, and has nothing to do, does not hang: it comes round by itself")
    func comesByItself() {
        var watch = MediaThreadWatch()
        let patience = SteeredSockets.patience / 1_000_000
        #expect(Self.look(&watch, from: 0, to: 5000) { [$0 / patience] } == nil)
    }

    @Test("a thread without packets comes when it is asked", .timeLimit(.minutes(10)))
    func comes() async throws {
        let network = try LoopbackNetwork(portCount: 4)
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: network.host(1))])
        configuration.ports = network.ports
        configuration.mediaThreads = 2
        let relay = try Relay(configuration, runsHousekeeping: false)
        defer { relay.stop() }
        let before = relay.knockOnMediaThreads()
        #expect(before.count == 2)
        _ = try await eventually("both come, and come again") {
            zip(relay.knockOnMediaThreads(), before).allSatisfy { $0 > $1 + 1 } ? true : nil
        }
    }
}
