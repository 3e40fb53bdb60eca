import AllocationCount
import NGProtocol
import RelayCore
import Testing

/// How much memory commands ask for: a limit that a change which asks for much more does not pass unseen.
@Suite struct ControlAllocationTests {
    /// Offer, answer, delete: what a build for debugging takes, and a tenth more. One for release takes less.
    private static let limits: [UInt64] = [520, 445, 225]
    private static let rounds = 20

    @Test("the counter counts")
    func counts() {
        var kept: [[Int]] = []
        let count = Allocations.counted { for number in 0..<100 { kept.append([number]) } }
        #expect(count >= 100 && kept.count == 100)
        #expect(Allocations.counted {} == 0)
    }

    @Test("offer, answer and delete take no more than they did")
    func commands() throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        var counts = [UInt64](repeating: .max, count: Self.limits.count)
        for round in 0..<Self.rounds {
            let call = "\(round)@example.com"
            let commands = [
                TestProxy.command("offer", call, "alice", nil, nil, SDPText.invite, [:]),
                TestProxy.command("answer", call, "alice", "bob", nil, SDPText.ok, [:]),
                TestProxy.command("delete", call, nil, nil, nil, nil, ["delete-delay": 0]),
            ]
            for (number, command) in commands.enumerated() {
                let datagram = Array("\(round)_\(number) ".utf8) + NGCodec.encode(command, as: .bencode)
                // The least of some: tables grow now and then.
                counts[number] = min(counts[number], Allocations.counted { _ = proxy.exchange(datagram) })
            }
        }
        #expect(proxy.relay.callCount == 0)
        for (count, limit) in zip(counts, Self.limits) { #expect(count <= limit, "\(counts)") }
    }
}
