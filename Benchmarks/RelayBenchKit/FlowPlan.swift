/// One direction of one call, as the generator sends it.
package struct Flow: Equatable, Sendable {
    /// Who sends: the party that made the offer or the one that answered (RFC 3264).
    package enum Sender: Int, Equatable, Sendable, CaseIterable { case offerer, answerer }

    package let call: Int
    package let sender: Sender
    /// Which of the sender side's sockets.
    package let endpoint: Int
}

/// The order in which the flows get their turn. Packet `n` belongs to flow `n % flows`, so all flows have the same rate.
package struct FlowPlan: Equatable, Sendable {
    /// The flows in sending order; the index is the flow's number.
    package let flows: [Flow]

    /// Lays out both directions of `calls` calls over `endpoints` sockets a side, up to `run` neighbours in the order
    /// sharing a socket, so that they can leave in one system call.
    package init(calls: Int, endpoints: Int, run: Int) {
        var flows: [Flow] = []
        flows.reserveCapacity(2 * calls)
        let (endpoints, run) = (max(1, endpoints), max(1, run))
        let rows = (calls + endpoints - 1) / endpoints
        for firstRow in stride(from: 0, to: rows, by: run) {
            for endpoint in 0..<endpoints {
                for sender in Flow.Sender.allCases {
                    for row in firstRow..<min(firstRow + run, rows) {
                        let call = row * endpoints + endpoint
                        if call < calls { flows.append(Flow(call: call, sender: sender, endpoint: endpoint)) }
                    }
                }
            }
        }
        self.flows = flows
    }

    /// How many of the first `total` packets belong to `flow`.
    package func share(of flow: Int, total: Int) -> Int {
        total / flows.count + (flow < total % flows.count ? 1 : 0)
    }
}
