import RelayBenchKit

/// What relays did under overload, one column for each.
struct OverloadTable {
    private var table: TextTable

    init(names: [String], outcomes: [OverloadRun.Outcome], settings: OverloadRun.Settings) {
        table = TextTable(heading: [""] + names)
        let base = outcomes.first.map { max(1, $0.capacity) } ?? 1
        func add(_ name: String, _ value: (OverloadRun.Outcome) -> String) { table.add([name] + outcomes.map(value)) }
        func percent(_ share: Double, places: Int = 1) -> String { Figures.decimal(share * 100, places: places) + " %" }
        func span(_ shares: OverloadShares) -> String {
            "\(percent(shares.lowest)) / \(percent(shares.median)) / \(percent(shares.highest))"
        }
        func seconds(_ value: Double) -> String { Figures.decimal(value, places: 2) + " s" }
        add("carries, packets/s") { Figures.grouped($0.capacity) }
        add("  over that of \(names.first ?? "")") { Figures.decimal(Double($0.capacity) / Double(base), places: 2) }
        add("offered \(Figures.decimal(settings.excess, places: 1)) times that, packets/s") {
            Figures.grouped($0.offered)
        }
        add("  arrived, packets/s") { Figures.grouped(Int($0.arrived)) }
        add("  over what it carries") { Figures.decimal($0.arrived / Double(max(1, $0.capacity)), places: 2) }
        add("  of a flow's packets: least / median / most") { span($0.fairness) }
        add("  within 200 ms") { span($0.timely) }
        add("half of that straight after: last loss after") { seconds($0.lastLoss) }
        add("  last packet lost or later than 200 ms after") { seconds($0.lastDelay) }
        add("half, and a flood at one port: others' packets in time") { percent($0.besideFlood.share, places: 2) }
        add("  of the worst other flow") { percent($0.besideFlood.lowest) }
        add("  the flood, packets/s sent") { Figures.grouped($0.flood) }
    }

    var lines: [String] { table.lines() }
}
