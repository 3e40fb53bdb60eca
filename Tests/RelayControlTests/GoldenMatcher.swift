import Foundation

/// Compares replies with what a golden case expects, and remembers what `$name` stood for.
struct GoldenMatcher {
    private(set) var values: [String: String] = [:]

    /// The first line that is not as expected; `nil` when all are.
    ///
    /// `*` stands for anything on the line, `$name` for one word: at its first use it gets its value, later it must be the
    /// same. `$name+1` is one more. A line `...` stands for any number of lines.
    mutating func mismatch(_ lines: [String], _ expected: [String]) -> String? {
        var index = 0
        var skips = false
        for pattern in expected {
            if pattern.trimmingPrefix(while: \.isWhitespace) == "..." {
                skips = true
                continue
            }
            if skips {
                var trial = self
                while index < lines.count, !trial.matches(lines[index], pattern) { index += 1 }
                skips = false
            }
            guard index < lines.count else { return "'\(filled(pattern))' is missing" }
            guard matches(lines[index], pattern) else {
                return "'\(lines[index])' instead of '\(filled(pattern))'"
            }
            index += 1
        }
        return index < lines.count && !skips ? "'\(lines[index])' is not expected" : nil
    }

    private mutating func matches(_ line: String, _ pattern: String) -> Bool {
        var trial = self
        guard trial.match(line[...], pattern[...]) else { return false }
        self = trial
        return true
    }

    private mutating func match(_ line: Substring, _ pattern: Substring) -> Bool {
        guard let first = pattern.first else { return line.isEmpty }
        if first == "*" {
            let rest = pattern.dropFirst()
            return rest.isEmpty
                || line.indices.contains { line[$0...].hasPrefix(rest) && line[$0...].count == rest.count }
        }
        guard first == "$" else {
            return line.first == first && match(line.dropFirst(), pattern.dropFirst())
        }
        let name = String(pattern.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        var rest = pattern.dropFirst(1 + name.count)
        var offset = 0
        if rest.first == "+", let step = rest.dropFirst().first?.wholeNumberValue {
            offset = step
            rest = rest.dropFirst(2)
        }
        let word = String(line.prefix { !$0.isWhitespace && $0 != "," && $0 != "]" })
        if let known = values[name] {
            let wanted = offset == 0 ? known : Int(known).map { "\($0 + offset)" } ?? known
            return line.hasPrefix(wanted) && match(line.dropFirst(wanted.count), rest)
        }
        guard offset == 0, !word.isEmpty else { return false }
        values[name] = word
        return match(line.dropFirst(word.count), rest)
    }

    /// A text with the values of what is known in it.
    func filled(_ text: String) -> String {
        values.sorted { $0.key.count > $1.key.count }.reduce(text) {
            $0.replacingOccurrences(of: "$\($1.key)", with: $1.value)
        }
    }

    /// Gives a name its value before anything is compared.
    mutating func set(_ name: String, _ value: String) { values[name] = value }
}
