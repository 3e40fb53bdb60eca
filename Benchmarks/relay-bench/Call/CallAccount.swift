import RelayBenchKit

/// What became of the packets of the demonstration call.
struct CallAccount {
    /// The four flows of a call, in the order of their numbers.
    enum Direction: Int, CaseIterable {
        case rtpToAnswerer, rtpToOfferer, rtcpToAnswerer, rtcpToOfferer

        var name: String {
            switch self {
            case .rtpToAnswerer: "RTP  caller -> callee"
            case .rtpToOfferer: "RTP  callee -> caller"
            case .rtcpToAnswerer: "RTCP caller -> callee"
            case .rtcpToOfferer: "RTCP callee -> caller"
            }
        }
    }

    private var ledger: ArrivalLedger
    private var sent = [Int](repeating: 0, count: Direction.allCases.count)
    private var latency = [LatencyHistogram](repeating: LatencyHistogram(), count: Direction.allCases.count)
    private var tos = [Set<Int32>](repeating: [], count: Direction.allCases.count)
    /// Datagrams that are none of the call's, or not as they were sent.
    var strangers = 0

    init(packetsPerFlow: Int) {
        ledger = ArrivalLedger(flows: Direction.allCases.count, packetsPerFlow: packetsPerFlow)
    }

    mutating func noteSent(_ direction: Direction) { sent[direction.rawValue] += 1 }

    mutating func noteArrival(_ direction: Direction, number: Int, tos seen: Int32, latency delay: UInt64) {
        switch ledger.arrived(flow: direction.rawValue, number: number) {
        case .inOrder, .reordered:
            tos[direction.rawValue].insert(seen)
            latency[direction.rawValue].record(delay)
        case .duplicate: break
        case .impossible: strangers += 1
        }
    }

    func totals(_ direction: Direction) -> FlowTotals {
        ledger.totals(flow: direction.rawValue, sent: sent[direction.rawValue])
    }

    /// Everything that was sent has arrived.
    var isComplete: Bool { Direction.allCases.allSatisfy { totals($0).lost == 0 } }

    /// The TOS values of all packets that arrived.
    var tosSeen: Set<Int32> { tos.reduce(into: []) { $0.formUnion($1) } }

    /// One row for each flow.
    var lines: [String] {
        var table = TextTable(
            heading: ["", "sent", "received", "lost", "out of order", "duplicated", "TOS", "median added latency"])
        for direction in Direction.allCases {
            let totals = totals(direction)
            let values = tos[direction.rawValue].sorted().map { "\($0)" }.joined(separator: " ")
            let delay = Figures.duration(latency[direction.rawValue].quantile(0.5))
            table.add(
                [direction.name]
                    + [totals.sent, totals.received, totals.lost, totals.reordered, totals.duplicated].map {
                        Figures.grouped($0)
                    } + [values.isEmpty ? "-" : values, totals.received > 0 ? delay : "-"])
        }
        return table.lines()
    }
}
