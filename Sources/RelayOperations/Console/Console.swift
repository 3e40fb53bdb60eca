internal import Synchronization

/// Finds the command that a line asks for, and carries it out.
///
/// A line that begins with `--json` is answered by one line of JSON: `result` (`ok` or `error`), `text`, and `data` if the
/// command has any.
package final class Console: Sendable {
    /// The longest line that is looked at, in octets: a Call-ID may be long.
    package static let longestLine = 8192
    /// The most words in a line.
    private static let mostWords = 64
    private static let jsonWord = "--json"

    private struct State {
        /// In the order in which they were added, which is that of the overview.
        var commands: [any ConsoleCommand] = []
        var byPath: [[String]: any ConsoleCommand] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds a command; one with the same path is replaced.
    package func add(_ command: any ConsoleCommand) {
        state.withLock { state in
            if state.byPath.updateValue(command, forKey: command.path) != nil {
                state.commands.removeAll { $0.path == command.path }
            }
            state.commands.append(command)
        }
    }

    /// All commands, in their order.
    package var commands: [any ConsoleCommand] { state.withLock { $0.commands } }

    /// Carries out one line and returns what to answer.
    package func answer(_ line: String) async -> String {
        var words = line.prefix(Self.longestLine).split(whereSeparator: \.isWhitespace).map(String.init)
        let wantsJSON = words.first == Self.jsonWord
        if wantsJSON { words.removeFirst() }
        let reply = await run(words)
        guard wantsJSON else { return reply.text }
        var object: ReportObject = [
            "result": reply.isFailure ? "error" : "ok", "text": .string(reply.text),
        ]
        if let data = reply.data { object.append("data", data) }
        return ReportValue.object(object).json + "\n"
    }

    /// Carries out the command that the words begin with: the one with the longest path.
    package func run(_ words: [String]) async -> ConsoleReply {
        guard words.count <= Self.mostWords else { return .failure("Too many words.\n") }
        guard var first = words.first else { return .failure("More parameters required.\n") }
        var words = words
        if first == "get" {  // another name of it
            first = "list"
            words[0] = first
        }
        if words.last == "help" || first == "usage", let overview = overview(below: words.dropLast()) {
            return overview
        }
        for length in stride(from: words.count, to: 0, by: -1) {
            let command = state.withLock { $0.byPath[Array(words[..<length])] }
            if let command { return await command.run(Array(words[length...])) }
        }
        if isPrefix(words) { return .failure("More parameters required.\n") }
        return .failure("Unknown or incomplete command:\(unknown(words))\n")
    }

    /// What cannot be understood: what follows the longest known beginning, as rtpengine shows it.
    private func unknown(_ words: [String]) -> String {
        var known = 0
        while known < words.count, isPrefix(Array(words[...known])) { known += 1 }
        return ":" + words[known...].joined(separator: " ")
    }

    private func isPrefix(_ words: [String]) -> Bool {
        state.withLock { $0.commands.contains { $0.path.starts(with: words) } }
    }

    /// What can follow these words; `nil` when nothing can.
    private func overview(below words: some Collection<String>) -> ConsoleReply? {
        let words = Array(words)
        let below = commands.filter { $0.path.starts(with: words) && $0.path.count > words.count }
        guard !below.isEmpty else { return nil }
        let rows = below.map { (usage: ($0.path + [$0.arguments]).joined(separator: " "), help: $0.help) }
        let width = min(rows.map(\.usage.count).max() ?? 0, 44)
        var text = "Commands:\n"
        for row in rows { text += "  \(ReportText.left(row.usage, width))  \(row.help)\n" }
        let data = below.map { command -> ReportValue in
            [
                "command": .string(command.path.joined(separator: " ")), "arguments": .string(command.arguments),
                "help": .string(command.help),
            ]
        }
        return ConsoleReply(text, data: .list(data))
    }
}
