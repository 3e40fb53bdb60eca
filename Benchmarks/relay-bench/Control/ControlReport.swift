import RelayBenchKit

extension ControlResult {
    /// The result for people.
    var lines: [String] {
        var table = TextTable(heading: ["reply time", "commands", "median", "99 %", "99.9 %", "maximum"])
        for (name, times) in zip(ControlRun.commands, replyTimes) {
            table.add(
                [name, Figures.grouped(times.count)] + [0.5, 0.99, 0.999].map { Figures.duration(times.quantile($0)) }
                    + [Figures.duration(times.maximum)])
        }
        var lines = [
            "\(Figures.decimal(sequencesPerSecond, places: 0)) calls offered, answered and deleted per second "
                + "(\(Figures.count(sequences, "call")), \(pace.name))", "",
        ]
        lines += table.lines()
        lines.append("errors \(Figures.grouped(errors)), datagrams sent again \(Figures.grouped(repeats))")
        for (reason, count) in refusals.sorted(by: { $0.value > $1.value }).prefix(5) {
            lines.append("  \(Figures.grouped(count)) x \(reason)")
        }
        if unanswered > 0 { lines.append("  \(Figures.grouped(unanswered)) x no reply") }
        if let theft { lines.append("note: \(theft)") }
        return lines
    }
}

/// The JSON form of a control run. Its names are an interface for scripts.
struct ControlDocument: Encodable {
    let inFlight, sequences, errors, unanswered, repeats: Int
    let seconds, sequencesPerSecond: Double
    let replyMicroseconds: [String: Quantiles]
    let refusals: [String: Int]

    init(_ result: ControlResult) {
        (inFlight, sequences, errors) = (result.pace.width, result.sequences, result.errors)
        (unanswered, repeats, refusals) = (result.unanswered, result.repeats, result.refusals)
        (seconds, sequencesPerSecond) = (Double(result.nanoseconds) / 1e9, result.sequencesPerSecond)
        let named = zip(ControlRun.commands, result.replyTimes).map { ($0, Quantiles($1)) }
        replyMicroseconds = Dictionary(uniqueKeysWithValues: named)
    }
}
