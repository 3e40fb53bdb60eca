/// How one part of a run's packets fared, flow by flow.
package struct OverloadShares: Equatable, Sendable {
    /// Packets of the part that arrived, and that were sent.
    package private(set) var arrived = 0
    package private(set) var sent = 0
    /// The smallest, middle and largest share of its packets that a flow got through, 0...1.
    package private(set) var (lowest, median, highest) = (0.0, 0.0, 0.0)
    /// The last packet of the part that did not arrive, counted from the part's first; `nil` when all did.
    package private(set) var lastMissing: Int?

    /// Of nothing.
    package static let none = OverloadShares(ArrivalLedger(flows: 1, packetsPerFlow: 0), flows: 1, part: 0..<0)

    /// - Parameters:
    ///   - ledger: what arrived; packet `n` is number `n / flows` of flow `n % flows`.
    ///   - part: the packets to look at.
    ///   - counts: whether a flow is looked at.
    package init(_ ledger: ArrivalLedger, flows: Int, part: Range<Int>, counts: (Int) -> Bool = { _ in true }) {
        var (got, all) = ([Int](repeating: 0, count: flows), [Int](repeating: 0, count: flows))
        for packet in part where counts(packet % flows) {
            all[packet % flows] += 1
            if ledger.hasArrived(flow: packet % flows, number: packet / flows) {
                got[packet % flows] += 1
            } else {
                lastMissing = packet - part.lowerBound
            }
        }
        (arrived, sent) = (got.reduce(0, +), all.reduce(0, +))
        let shares = zip(got, all).filter { $1 > 0 }.map { Double($0) / Double($1) }.sorted()
        guard let first = shares.first, let last = shares.last else { return }
        (lowest, median, highest) = (first, shares[shares.count / 2], last)
    }

    /// Of all packets of the part, 0...1.
    package var share: Double { sent > 0 ? Double(arrived) / Double(sent) : 0 }
}
