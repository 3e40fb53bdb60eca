import RelayBenchKit
import Testing

@Suite struct OverloadTests {
    @Test("a profile is its pacers, one after the other")
    func profile() {
        let profile = PaceProfile(
            [.init(packets: 10, rate: 1_000), .init(packets: 5, rate: 100)], start: 1_000_000)
        #expect(profile.packets == 15)
        #expect(profile.due(at: 0) == 0)
        #expect(profile.time(of: 9) == 10_000_000)
        #expect(profile.time(of: 10) == 11_000_000)
        #expect(profile.time(of: 11) == 21_000_000)
        for packet in 0..<15 as Range<UInt64> {
            #expect(profile.due(at: profile.time(of: packet)) == packet + 1)
            #expect(profile.due(at: profile.time(of: packet) - 1) == packet)
        }
    }

    @Test("a step that could not be sent in time postpones those that follow, and does not make them faster")
    func postpones() {
        var profile = PaceProfile(
            [.init(packets: 10, rate: 1_000), .init(packets: 5, rate: 100), .init(packets: 1, rate: 1)], start: 0)
        profile.postpone(after: 9, at: 10_000_000)
        #expect(profile.starts == [0, 10_000_000, 60_000_000])
        profile.postpone(after: 9, at: 30_000_000)
        #expect(profile.starts == [0, 30_000_000, 80_000_000])
        #expect(profile.due(at: 30_000_000) == 11)
        // It has begun, and is its own affair.
        profile.postpone(after: 10, at: 70_000_000)
        #expect(profile.starts == [0, 30_000_000, 80_000_000])
        profile.postpone(after: 0, at: .max)
        #expect(profile.starts == [0, .max, .max])
    }

    @Test("a step without packets takes no time, and the ends of the range do not trap")
    func extremes() {
        let profile = PaceProfile([.init(packets: 0, rate: 0), .init(packets: 3, rate: 50)], start: 7)
        #expect(profile.time(of: 0) == 7)
        #expect(profile.due(at: 7) == 1)
        #expect(PaceProfile([.init(packets: .max, rate: 1)], start: .max).time(of: .max) == .max)
        #expect(
            PaceProfile([.init(packets: 1, rate: 1), .init(packets: 1, rate: .max)], start: 0).due(at: .max) == .max)
    }

    @Test("shares are those of the part, and the last packet that is missing is found")
    func shares() {
        // Three flows; packets 3 to 14 are the part: four of each flow.
        var ledger = ArrivalLedger(flows: 3, packetsPerFlow: 6)
        for packet in [0, 1, 3, 4, 6, 9, 10, 12, 16] { _ = ledger.arrived(flow: packet % 3, number: packet / 3) }
        let shares = OverloadShares(ledger, flows: 3, part: 3..<15)
        #expect((shares.sent, shares.arrived) == (12, 6))
        #expect((shares.lowest, shares.median, shares.highest) == (0, 0.5, 1))
        #expect(shares.lastMissing == 11)
        let first = OverloadShares(ledger, flows: 3, part: 3..<15) { $0 == 0 }
        #expect((first.sent, first.arrived, first.lastMissing) == (4, 4, nil))
        #expect(OverloadShares(ledger, flows: 3, part: 5..<5).share == 0)
    }
}
