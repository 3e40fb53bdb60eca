/// Rows of text in aligned columns: the first to the left, the others to the right.
package struct TextTable: Sendable {
    private var rows: [[String]] = []

    package init(heading: [String]) { rows.append(heading) }

    package mutating func add(_ row: [String]) { rows.append(row) }

    /// The lines, with a rule below the heading and no trailing blanks.
    package func lines() -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        var lines = rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 ? cell + blanks : "  " + blanks + cell
            }
            while line.last == " " { line.removeLast() }
            return line
        }
        let width = widths.reduce(0, +) + 2 * max(0, columns - 1)
        lines.insert(String(repeating: "-", count: width), at: min(1, lines.count))
        return lines
    }
}
