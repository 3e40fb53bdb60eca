import RelayBenchKit
import Testing

@Suite("Interruptions of flows")
struct GapLedgerTests {
    private static let interval: UInt64 = 20_000_000

    @Test("the longest time in which packets were missing counts, less the interval")
    func longestGap() {
        var ledger = GapLedger(flows: 2, interval: Self.interval)
        for (number, time) in [(0, 100), (1, 120), (10, 290), (11, 310)] {
            ledger.arrived(flow: 0, number: number, at: UInt64(time) * 1_000_000)
        }
        for (number, time) in [(0, 100), (1, 120), (2, 140)] {
            ledger.arrived(flow: 1, number: number, at: UInt64(time) * 1_000_000)
        }
        #expect(ledger.longestGap(flow: 0) == 150_000_000)
        #expect(ledger.longestGap(flow: 1) == 0)
        #expect(ledger.silence(flow: 1, at: 310_000_000) == 150_000_000)
    }

    @Test("packets that are late or out of order make no gap")
    func late() {
        var ledger = GapLedger(flows: 1, interval: Self.interval)
        for (number, time) in [(0, 100), (1, 400), (3, 410), (2, 405), (4, 500)] {
            ledger.arrived(flow: 0, number: number, at: UInt64(time) * 1_000_000)
        }
        #expect(ledger.longestGap(flow: 0) == 0)
    }

    @Test("a flow that never got a packet is not alive, and an unknown flow harms nobody")
    func silentFlow() {
        var ledger = GapLedger(flows: 1, interval: Self.interval)
        ledger.arrived(flow: 7, number: 0, at: 1)
        #expect(!ledger.isAlive(flow: 0, since: 0))
        #expect(ledger.silence(flow: 0, at: 5 * Self.interval) == 0)
    }

    /// The totals of two calls, ten packets each way, of which those of each flow arrive that come first.
    private func totals(arriving count: (Flow) -> Int) -> FailoverTotals {
        let plan = FlowPlan(calls: 2, endpoints: 1, run: 1)
        var (arrivals, gaps) = (
            ArrivalLedger(flows: 4, packetsPerFlow: 10), GapLedger(flows: 4, interval: Self.interval)
        )
        for (flow, planned) in plan.flows.enumerated() {
            for number in 0..<count(planned) {
                _ = arrivals.arrived(flow: flow, number: number)
                gaps.arrived(flow: flow, number: number, at: UInt64(number + 1) * Self.interval)
            }
        }
        return FailoverTotals(
            plan: plan, calls: 2, interval: Self.interval, arrivals: arrivals, gaps: gaps,
            end: 11 * Self.interval, silence: 3 * Self.interval
        ) { _ in 10 }
    }

    @Test("a call with one silent direction is lost; one with losses is affected")
    func oneSilent() {
        // Call 1: the offerer's packets stop after the third.
        let totals = totals { $0.call == 1 && $0.sender == .offerer ? 3 : 10 }
        #expect(totals.sent == 40)
        #expect(totals.lost == 7)
        #expect(totals.callsAffected == 1)
        #expect(totals.callsLost == 1)
        #expect(totals.meanGapMilliseconds == 140)
        #expect(totals.longestGapMilliseconds == 140)
    }

    @Test("calls that all go silent together are lost, all of them")
    func allSilent() {
        let totals = totals { _ in 3 }
        #expect(totals.callsLost == 2)
        #expect(totals.longestGapMilliseconds == 140)
    }
}
