extension TuningPlan {
    /// Columns of a line.
    private static let width = 110
    private static let topicWidth = 22

    /// For people: what is, what should be, why, and by which command.
    package var text: String {
        var lines = heading.flatMap { Self.wrapped($0, indent: "") }
        var subject = ""
        for step in steps {
            if step.subject != subject { lines += ["", step.subject] }
            subject = step.subject
            lines += Self.lines(of: step)
        }
        lines += ["", closing]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(of step: TuningStep) -> [String] {
        let mark = step.wanted == nil ? "ok     " : step.changes.isEmpty ? "yours  " : "change "
        let gap = String(repeating: " ", count: max(1, topicWidth - step.topic.count))
        var lines = ["  \(mark) \(step.topic)\(gap)\(step.now)" + (step.wanted.map { " -> \($0)" } ?? "")]
        lines += wrapped(step.reason, indent: "          ")
        lines += step.changes.map { "            # \($0.command)" }
        lines += step.advice.map { "            > \($0)" }
        return lines
    }

    private var closing: String {
        let count = steps.filter { !$0.changes.isEmpty }.count
        var text =
            count == 0
            ? "Nothing to change."
            : "\(count) to change: 'relayctl tune --apply' does it, as root, by what '#' is in front of."
        if !advised.isEmpty { text += " \(advised.count) left to you, see '>'." }
        return text
    }

    /// Words in lines that are not too long.
    static func wrapped(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var line = indent
        for word in text.split(separator: " ") {
            if line.count > indent.count, line.count + 1 + word.count > width {
                lines.append(line)
                line = indent
            }
            line += (line.count > indent.count ? " " : "") + word
        }
        return lines + [line]
    }
}
