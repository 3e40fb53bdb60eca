import RelayBenchKit
import Testing

@Suite struct FlowPlanTests {
    @Test(
        "both directions of every call are there once",
        arguments: [(1, 1, 8), (10, 1, 4), (10, 3, 2), (7, 7, 1), (5, 1, 100)])
    func complete(_ calls: Int, _ endpoints: Int, _ run: Int) {
        let flows = FlowPlan(calls: calls, endpoints: endpoints, run: run).flows
        #expect(flows.count == 2 * calls)
        for call in 0..<calls {
            let ofCall = flows.filter { $0.call == call }
            #expect(Set(ofCall.map(\.sender.rawValue)) == [0, 1])
            #expect(ofCall.allSatisfy { $0.endpoint == call % endpoints })
        }
    }

    @Test("neighbours share a socket, and the directions take turns")
    func runs() {
        let plan = FlowPlan(calls: 4, endpoints: 1, run: 2)
        #expect(
            plan.flows.map(\.sender) == [
                .offerer, .offerer, .answerer, .answerer, .offerer, .offerer, .answerer, .answerer,
            ])
        #expect(plan.flows.map(\.call) == [0, 1, 0, 1, 2, 3, 2, 3])
    }

    @Test("the shares of all flows are all packets", arguments: [0, 1, 19, 20, 21, 1_003])
    func shares(_ total: Int) {
        let plan = FlowPlan(calls: 10, endpoints: 1, run: 8)
        let shares = plan.flows.indices.map { plan.share(of: $0, total: total) }
        #expect(shares.reduce(0, +) == total)
        #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
    }
}
