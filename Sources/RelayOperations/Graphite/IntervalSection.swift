internal import NGProtocol
internal import RelayControl

extension StatisticsTree.Section {
    /// What graphite was told last, for `list totals` and `list jsonstats`.
    ///
    /// - Parameters:
    ///   - duration: of the calls that ended in the interval, in seconds.
    ///   - sessions: the fewest and the most calls in it.
    ///   - commands: how each was used, and its fewest, most and mean number in a second.
    static func interval(
        duration: Double, sessions: (fewest: Int, most: Int),
        commands: [(command: NGCommand, usage: ControlStatistics.Usage, rates: [UInt64])]
    ) -> Self {
        var section = Self(
            key: "intervalstatistics", title: "Graphite interval statistics (last reported values to graphite)")
        section.add("totalcallsduration", "Total calls duration", duration, unit: " seconds")
        section.add("minmanagedsessions", "Min managed sessions", sessions.fewest)
        section.add("maxmanagedsessions", "Max managed sessions", sessions.most)
        for (command, usage, _) in commands {
            section.addTriple(
                "\(command.rawValue)delay", "\(command.rawValue) processing delay", " sec",
                usage.seconds.map { .decimal($0) })
        }
        for (command, _, rates) in commands {
            section.addTriple(
                "\(command.rawValue)requestrate", "\(command.rawValue) requests per second", " per sec",
                rates.map { .integer(Int64(clamping: $0)) })
        }
        return section
    }

    private mutating func addTriple(_ key: String, _ text: String, _ unit: String, _ values: [MetricWriter.Value]) {
        for (name, value) in zip(["min", "max", "avg"], values) {
            // One line on the console.
            let line = name == "min" ? "Min/Max/Avg \(text)" : ""
            var entry = StatisticsTree.Entry(key: name + key, text: line, unit: unit, value: value)
            entry.shown = values.map(\.text).joined(separator: "/")
            entries.append(entry)
        }
    }
}

extension ControlStatistics.Usage {
    /// The shortest, the longest and the mean time in seconds; 0 when nothing was done.
    var seconds: [Double] {
        [shortest, longest, nanoseconds / max(1, count)].map { count == 0 ? 0 : Double($0) / 1_000_000_000 }
    }
}
