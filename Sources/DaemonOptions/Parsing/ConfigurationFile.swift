/// One section of an INI file: `key = value` lines between `[SECTION]` headers, comments after `#` or `;` in column one.
struct ConfigurationFile {
    struct Entry: Equatable {
        let key: String
        let value: String
        let line: Int
    }

    /// `nil` when the file has no such section.
    private(set) var entries: [Entry]?

    /// Reads one section; the others may hold anything.
    init(_ text: String, section: String, path: String) throws(OptionError) {
        var current: String?
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = Self.trimmed(raw)
            guard let first = line.first, first != "#", first != ";" else { continue }
            let location = OptionError.Location.file(path: path, line: index + 1)
            if first == "[" {
                guard line.last == "]", line.count > 2 else {
                    throw OptionError("'\(line)' is not a section; write [NAME]", at: location)
                }
                current = String(line.dropFirst().dropLast())
                if current == section, entries == nil { entries = [] }
                continue
            }
            guard let current else { throw OptionError("'\(line)' stands before any [SECTION]", at: location) }
            guard current == section else { continue }
            guard !line.contains("\u{FFFD}") else { throw OptionError("'\(line)' is not UTF-8", at: location) }
            guard let mark = line.firstIndex(of: "="), mark > line.startIndex else {
                throw OptionError("'\(line)' is not an option; write KEY = VALUE", at: location)
            }
            let key = String(Self.trimmed(line[..<mark]))
            let value = String(Self.trimmed(line[line.index(after: mark)...]))
            entries?.append(Entry(key: key, value: value, line: index + 1))
        }
    }

    /// What stands behind `prefix` in the names of sections that begin with it, in the order of the file, each once.
    static func sections(in text: String, after prefix: String) -> [String] {
        var names: [String] = []
        for raw in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(raw)
            guard line.hasPrefix("[\(prefix)"), line.hasSuffix("]") else { continue }
            let name = String(line.dropFirst(prefix.count + 1).dropLast())
            if !name.isEmpty, !names.contains(name) { names.append(name) }
        }
        return names
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
