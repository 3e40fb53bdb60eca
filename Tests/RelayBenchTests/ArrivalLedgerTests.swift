import RelayBenchKit
import Testing

@Suite struct ArrivalLedgerTests {
    @Test("what arrives in order is neither lost nor anything else")
    func inOrder() {
        var ledger = ArrivalLedger(flows: 1, packetsPerFlow: 200)
        for number in 0..<200 { #expect(ledger.arrived(flow: 0, number: number) == .inOrder) }
        let totals = ledger.totals(flow: 0, sent: 200)
        #expect((totals.received, totals.lost, totals.duplicated, totals.reordered) == (200, 0, 0, 0))
        #expect(totals.worst == nil)
    }

    @Test("a gap is lost, what fills it late is reordered")
    func reordered() {
        var ledger = ArrivalLedger(flows: 1, packetsPerFlow: 10)
        #expect(
            [0, 3, 1, 4].map { ledger.arrived(flow: 0, number: $0) } == [.inOrder, .inOrder, .reordered, .inOrder])
        let totals = ledger.totals(flow: 0, sent: 5)
        #expect((totals.received, totals.lost, totals.reordered) == (4, 1, 1))
        #expect(ledger.hasArrived(flow: 0, number: 3))
        #expect(!ledger.hasArrived(flow: 0, number: 2))
    }

    @Test("a duplicate is told from a late packet, however late it is")
    func duplicate() {
        var ledger = ArrivalLedger(flows: 1, packetsPerFlow: 100_000)
        #expect(ledger.arrived(flow: 0, number: 1) == .inOrder)
        #expect(ledger.arrived(flow: 0, number: 99_999) == .inOrder)
        #expect(ledger.arrived(flow: 0, number: 1) == .duplicate)
        #expect(ledger.arrived(flow: 0, number: 0) == .reordered)
        #expect(ledger.totals(flow: 0, sent: 100_000).duplicated == 1)
    }

    @Test("what cannot have been sent is impossible", arguments: [(-1, 0), (2, 0), (0, -1), (0, 64), (0, .max)])
    func impossible(_ flow: Int, _ number: Int) {
        var ledger = ArrivalLedger(flows: 2, packetsPerFlow: 64)
        #expect(ledger.arrived(flow: flow, number: number) == .impossible)
        #expect(!ledger.hasArrived(flow: flow, number: number))
        #expect(ledger.totals { _ in 0 }.received == 0)
    }

    @Test("flows do not mix, also where one's last bit is next to another's first")
    func flows() {
        var ledger = ArrivalLedger(flows: 3, packetsPerFlow: 65)
        #expect(ledger.arrived(flow: 0, number: 64) == .inOrder)
        #expect(ledger.arrived(flow: 1, number: 0) == .inOrder)
        #expect([0, 1, 2].map { ledger.received(flow: $0) } == [1, 1, 0])
    }

    @Test("the worst flow is the one that lost the largest share")
    func worst() {
        var ledger = ArrivalLedger(flows: 3, packetsPerFlow: 100)
        for number in 0..<90 { _ = ledger.arrived(flow: 0, number: number) }  // lost 10 of 100
        for number in 0..<5 { _ = ledger.arrived(flow: 1, number: number) }  // lost 5 of 10
        let totals = ledger.totals { [100, 10, 7][$0] }
        #expect((totals.sent, totals.received, totals.lost) == (117, 95, 22))
        #expect(totals.worst?.flow == 2)
        #expect(totals.silentFlows == 1)
        #expect(ledger.totals { [100, 10, 0][$0] }.worst?.flow == 1)
    }

    @Test("accounts add up over rounds")
    func merge() {
        var (first, second) = (ArrivalLedger(flows: 1, packetsPerFlow: 4), ArrivalLedger(flows: 1, packetsPerFlow: 4))
        _ = first.arrived(flow: 0, number: 0)
        for number in [0, 1, 1, 3, 2] { _ = second.arrived(flow: 0, number: number) }
        var totals = second.totals(flow: 0, sent: 4)
        #expect(totals.worst == nil)
        totals.merge(first.totals(flow: 0, sent: 4))
        #expect((totals.sent, totals.received, totals.lost) == (8, 5, 3))
        #expect((totals.duplicated, totals.reordered) == (1, 1))
        #expect(totals.worst?.lost == 3)
    }
}
