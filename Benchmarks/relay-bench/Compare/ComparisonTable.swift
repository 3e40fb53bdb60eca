import FoundationEssentials
import RelayBenchKit

/// The figures of all sides next to each other, with the ratio of the last to the first.
struct ComparisonTable {
    /// One figure, for each side.
    struct Row {
        let name: String
        let unit: String
        let values: [Double?]
        let places: Int

        /// The last side over the first; nil where that says nothing.
        var ratio: Double? {
            guard values.count > 1, let first = values.first ?? nil, let last = values.last ?? nil, first > 0 else {
                return nil
            }
            return last / first
        }
    }

    private let names: [String]
    private(set) var rows: [Row] = []
    /// Remarks below the table: how far rounds differ, and what disturbed them.
    private(set) var remarks: [String] = []

    /// - Parameter sides: of each side, its rounds.
    init(names: [String], sides: [[CompareRun.Round]], settings: CompareRun.Settings) {
        self.names = names
        for (index, rate) in settings.rates.enumerated() { addMedia(at: rate, index, sides) }
        addControl(sides)
        addMemory(sides, calls: settings.calls)
        add(
            "start to first answer", "ms",
            sides.map { rounds in
                Self.mean(rounds.compactMap { $0.startTime.map { Double($0) / 1e6 } })
            }, places: 1)
    }

    private mutating func add(_ name: String, _ unit: String, _ values: [Double?], places: Int) {
        rows.append(Row(name: name, unit: unit, values: values, places: places))
    }

    private mutating func addMedia(at rate: Int, _ index: Int, _ sides: [[CompareRun.Round]]) {
        let merged = sides.map { rounds in
            rounds.dropFirst().reduce(into: rounds[0].media[index]) { $0.merge($1.media[index]) }
        }
        let at = "at \(Figures.grouped(rate))/s"
        add("CPU per packet \(at)", "µs", merged.map(\.cpuPerPacket), places: 2)
        add("  whole machine, generator too", "µs", merged.map(\.machinePerPacket), places: 2)
        add("packets lost \(at)", "", merged.map { Double($0.totals.lost) }, places: 0)
        add("median latency \(at)", "µs", merged.map { Self.microseconds($0.latency, 0.5) }, places: 1)
        add("99.9 % latency \(at)", "µs", merged.map { Self.microseconds($0.latency, 0.999) }, places: 1)
        for (name, rounds) in zip(names, sides) {
            let costs = rounds.map { $0.media[index].cpuPerPacket.map { Figures.decimal($0, places: 2) } ?? "?" }
            if rounds.count > 1 {
                remarks.append("CPU per packet \(at), \(name), by round: \(costs.joined(separator: ", "))")
            }
        }
        for (name, result) in zip(names, merged) {
            remarks += result.caveats.map { "\(at), \(name): \($0)" }
            if let drops = result.relayDrops, drops > 0 {
                remarks.append("\(at), \(name): \(Figures.count(drops, "packet")) dropped at the relay's sockets")
            }
            if result.relayUnread > 0 {
                remarks.append(
                    "\(at), \(name): \(Figures.count(result.relayUnread, "socket")) left unread by the relay")
            }
            if let worst = result.worstFlow { remarks.append("\(at), \(name): worst flow lost \(worst)") }
        }
    }

    private mutating func addControl(_ sides: [[CompareRun.Round]]) {
        for (index, pace) in ControlPace.compared.enumerated() {
            let label = "offer+answer+delete, \(pace.name)"
            let merged = sides.map { rounds -> ControlResult? in
                guard !rounds[0].control.isEmpty else { return nil }
                return rounds.dropFirst().reduce(into: rounds[0].control[index]) { $0.merge($1.control[index]) }
            }
            add(label, "/s", merged.map { $0?.sequencesPerSecond }, places: 0)
            add("  slowest command", "ms", merged.map { $0.map { Double($0.slowest) / 1e6 } }, places: 2)
            for (name, result) in zip(names, merged) {
                guard let result else { continue }
                if result.errors > 0 { remarks.append("\(label), \(name): \(Figures.count(result.errors, "error"))") }
                if let theft = result.theft { remarks.append("\(label), \(name): \(theft)") }
            }
        }
    }

    private mutating func addMemory(_ sides: [[CompareRun.Round]], calls: Int) {
        // The first media run of a round meets a fresh process; its packets touch what the set-up only reserved.
        let label = "memory per call, \(Figures.grouped(calls)) calls with media"
        add(
            label, "KB",
            sides.map { rounds in
                Self.mean(
                    rounds.compactMap { round in
                        round.media.first?.relay.map { Double($0.memoryAfter) - Double($0.memoryBefore) }
                    }.map { $0 / 1024 / Double(calls) })
            }, places: 1)
        add(
            "  kernel's slab, whole machine", "KB",
            sides.map { rounds in
                Self.mean(
                    rounds.compactMap { $0.media.first.map { Double($0.machine.slabGrowth) / 1024 / Double(calls) } })
            }, places: 1)
        add(
            "memory without calls", "MB",
            sides.map { rounds in
                Self.mean(rounds.compactMap { $0.idleMemory.map { Double($0) / 1_048_576 } })
            }, places: 1)
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private static func microseconds(_ histogram: LatencyHistogram, _ share: Double) -> Double? {
        histogram.count == 0 ? nil : Double(histogram.quantile(share)) / 1000
    }

    /// The table for people, remarks included.
    var lines: [String] {
        var table = TextTable(heading: ["", "unit"] + names + (names.count > 1 ? ["ratio"] : []))
        for row in rows {
            let values = row.values.map { $0.map { Figures.decimal($0, places: row.places) } ?? "-" }
            let ratio = row.ratio.map { Figures.decimal($0, places: 2) } ?? "-"
            table.add([row.name, row.unit] + values + (names.count > 1 ? [ratio] : []))
        }
        return table.lines() + (remarks.isEmpty ? [] : [""]) + remarks
    }

    /// The table for programs.
    func json() throws -> String {
        struct Document: Encodable {
            struct Figure: Encodable {
                let name, unit: String
                let values: [Double?]
                let ratio: Double?
            }
            let sides: [String]
            let figures: [Figure]
            let remarks: [String]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let figures = rows.map { Document.Figure(name: $0.name, unit: $0.unit, values: $0.values, ratio: $0.ratio) }
        return String(
            decoding: try encoder.encode(Document(sides: names, figures: figures, remarks: remarks)), as: UTF8.self)
    }
}
