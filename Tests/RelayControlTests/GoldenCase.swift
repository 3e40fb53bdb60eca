import Foundation
import NGProtocol
import Testing
import WireFormat

/// A conversation between a SIP proxy and the relay, and perhaps packets between the phones: `Golden/<topic>/<case>.txt`.
/// `Golden/README.md` says how it is written.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    /// One step of the conversation.
    enum Step: Sendable {
        /// `--> COMMAND`, keys and values, an empty line, the SDP; then the reply, written alike.
        case command(NGDictionary, expected: [String], line: Int)
        /// `=== ALICE sends …`, `=== BOB receives …`
        case media(String, line: Int)
    }

    let testDescription: String
    /// `interface: …` lines at the top.
    let interfaces: [String]
    /// `alias: ALIAS=NAME` lines there.
    let aliases: [String: String]
    let steps: [Step]
    /// What is wrong with the way the case is written; it fails then, rather than test less than it seems to.
    let flaw: String?

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    static let all: [GoldenCase] = {
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().compactMap { name in
            let octets = FileManager.default.contents(atPath: folder.appending(path: name).path)
            return octets.map { GoldenCase(name, String(decoding: $0, as: UTF8.self)) }
        }
    }()

    init(_ name: String, _ file: String) {
        testDescription = name
        var interfaces: [String] = []
        var aliases: [String: String] = [:]
        var steps: [Step] = []
        var flaws: [String] = []
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var index = 0
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.hasPrefix("interface: ") {
                interfaces.append(String(line.dropFirst("interface: ".count)))
            } else if line.hasPrefix("alias: "), let sign = line.firstIndex(of: "=") {
                let alias = line[..<sign].dropFirst("alias: ".count)
                aliases[String(alias)] = String(line[sign...].dropFirst())
            } else if line.hasPrefix("=== ") {
                steps.append(.media(String(line.dropFirst(4)), line: index))
            } else if line.hasPrefix("--> ") {
                let start = index
                let request = Self.block(lines, &index)
                guard index < lines.count, lines[index] == "<--" else {
                    flaws.append("line \(start): a command without a reply")
                    continue
                }
                index += 1
                let expected = Self.block(lines, &index)
                let command = NGText.request(String(line.dropFirst(4)), request)
                steps.append(.command(command, expected: expected, line: start))
            } else if !line.isEmpty, !line.hasPrefix("#") {
                flaws.append("line \(index): '\(line)' belongs to nothing")
            }
        }
        if steps.isEmpty { flaws.append("nothing happens") }
        (self.interfaces, self.steps) = (interfaces.isEmpty ? ["127.0.0.1"] : interfaces, steps)
        (self.aliases, flaw) = (aliases, flaws.first)
    }

    /// The lines up to the next marker, without empty ones at the end and without comments.
    private static func block(_ lines: [String], _ index: inout Int) -> [String] {
        var block: [String] = []
        while index < lines.count, !["--> ", "=== "].contains(where: { lines[index].hasPrefix($0) }),
            lines[index] != "<--"
        {
            if !lines[index].hasPrefix("#") { block.append(lines[index]) }
            index += 1
        }
        while block.last?.isEmpty == true { block.removeLast() }
        return block
    }
}

/// NG dictionaries as people write and read them.
enum NGText {
    /// `key: value` lines, an empty line, and the SDP.
    static func request(_ command: String, _ lines: [String]) -> NGDictionary {
        var dictionary: NGDictionary = ["command": .string(command)]
        let head = lines.prefix { !$0.isEmpty }
        for line in head {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            let value = value(parts.count > 1 ? parts[1] : "")
            // Clients send numbers as numbers or as texts; here the few numeric keys are numbers.
            let isNumber = ["TOS", "delete-delay", "limit"].contains(parts[0])
            dictionary.append(parts[0], isNumber ? value.number.map { .integer($0) } ?? value : value)
        }
        let body = lines.dropFirst(head.count + 1)
        if !body.isEmpty { dictionary.append("sdp", .string(body.map { $0 + "\r\n" }.joined())) }
        return dictionary
    }

    /// A text, a list `[a b]`, or a dictionary `{key: value, key: value}`; those may be nested.
    static func value(_ text: String) -> NGValue {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return .list(pieces(text.dropFirst().dropLast(), at: " ").map { value($0) })
        }
        if text.hasPrefix("{"), text.hasSuffix("}") {
            var dictionary = NGDictionary()
            for piece in pieces(text.dropFirst().dropLast(), at: ",") {
                let parts = piece.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                dictionary.append(parts[0], value(parts.count > 1 ? parts[1] : ""))
            }
            return .dictionary(dictionary)
        }
        if text.hasPrefix("\""), text.hasSuffix("\""), text.count > 1 {
            return .string(String(text.dropFirst().dropLast()))
        }
        return .string(text)
    }

    /// Splits where no bracket is open.
    private static func pieces(_ text: Substring, at separator: Character) -> [String] {
        var (pieces, depth) = ([""], 0)
        for character in text {
            if "[{".contains(character) { depth += 1 }
            if "]}".contains(character) { depth -= 1 }
            if character == separator, depth == 0 {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        return pieces.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// A reply in lines: what is inside of something is indented, `sdp` comes last, behind an empty line.
    static func lines(_ reply: NGDictionary) -> [String] {
        var lines: [String] = []
        for entry in reply.entries where entry.key != "sdp" { append("\(entry.key)", entry.value, "", &lines) }
        if let sdp = reply["sdp"]?.string {
            lines.append("")
            lines += "\(sdp)".components(separatedBy: "\r\n").dropLast()
        }
        return lines
    }

    private static func append(_ name: String, _ value: NGValue, _ indent: String, _ lines: inout [String]) {
        switch value {
        case .string(let text): lines.append("\(indent)\(name): \(text)")
        case .integer(let number): lines.append("\(indent)\(name): \(number)")
        case .list(let items) where items.allSatisfy({ $0.dictionary == nil }):
            let words = items.map { $0.string.map { "\($0)" } ?? $0.number.map { "\($0)" } ?? "?" }
            lines.append("\(indent)\(name): [\(words.joined(separator: ", "))]")
        case .list(let items):
            for (number, item) in items.enumerated() { append("\(name) \(number + 1)", item, indent, &lines) }
        case .dictionary(let dictionary):
            lines.append("\(indent)\(name):\(dictionary.isEmpty ? " nothing" : "")")
            for entry in dictionary.entries { append("\(entry.key)", entry.value, indent + "  ", &lines) }
        }
    }
}
