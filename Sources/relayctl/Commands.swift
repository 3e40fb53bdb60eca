internal import ArgumentParser
internal import Foundation
internal import WireFormat

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What the relay does, at a glance.")
    @OptionGroup var connection: Connection

    func run() async throws { try await connection.run(["status"]) }
}

struct Calls: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The calls, the newest first.")

    /// Whose calls.
    enum Scope: String, EnumerableFlag {
        case all, own, foreign
    }

    @Flag(help: "Whose calls: all, this relay's, or those of others that it holds.")
    var scope = Scope.all
    @OptionGroup var connection: Connection

    private struct Row: Decodable {
        let callid: String
        let created: Int
        let deleted: Bool
        let foreign: Bool
        let proxy: String
    }

    func run() async throws {
        try await connection.run(["list", "sessions", scope.rawValue]) { answer in
            let rows = try answer.decode([Row].self)
            let now = Int(Date.now.timeIntervalSince1970)
            let table = rows.map { row in
                [
                    row.callid, Table.duration(max(0, now - row.created)),
                    row.deleted ? "deleted" : row.foreign ? "standby" : "up", row.proxy,
                ]
            }
            return Table.text(["CALL-ID", "AGE", "STATE", "PROXY"], table) + "\(rows.count) calls\n"
        }
    }
}

struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One call with its ports and counters.")
    @Argument(help: "Its Call-ID.") var callID: String
    @OptionGroup var connection: Connection

    private struct Description: Decodable {
        let callid: String
        let created: Int
        let deleted: Bool
        let foreign: Bool
        let tos: Int
        let proxy: String
        let sides: [Side]
    }

    private struct Side: Decodable {
        let tag: String
        let media: [Media]
    }

    private struct Media: Decodable {
        let type: String
        let codec: String
        let streams: [Stream]
    }

    private struct Stream: Decodable {
        let rtcp: Bool
        let local: String
        let endpoint: String
        let locked: Bool
        let packets: UInt64
        let errors: UInt64
        let packets_out: UInt64
        let last_packet: Int
    }

    func run() async throws {
        try await connection.run(["list", "sessions", callID]) { answer in
            let call = try answer.decode(Description.self)
            let now = Int(Date.now.timeIntervalSince1970)
            let state = call.deleted ? "deleted" : call.foreign ? "of another relay" : "up"
            var text =
                "\(PlainText.oneLine(call.callid))  \(state) for \(Table.duration(max(0, now - call.created))), TOS \(call.tos), "
            text += "by \(call.proxy)\n\n"
            let rows = call.sides.flatMap { side in
                side.media.flatMap { media in
                    media.streams.map { stream in
                        [
                            side.tag, stream.rtcp ? "rtcp" : "\(media.type) \(media.codec)", stream.local,
                            stream.endpoint + (stream.locked ? "" : " ?"), "\(stream.packets)",
                            "\(stream.packets_out)", "\(stream.errors)",
                            Table.duration(max(0, now - stream.last_packet)),
                        ]
                    }
                }
            }
            return text
                + Table.text(["TAG", "MEDIA", "PORT", "ENDPOINT", "IN", "OUT", "ERRORS", "LAST"], rows)
        }
    }
}

struct Terminate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends calls at once.")
    @Argument(help: "A Call-ID, or: all, own, foreign.") var callID: String
    @OptionGroup var connection: Connection

    func run() async throws { try await connection.run(["terminate", callID]) }
}

struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Numbers since the start.")
    @OptionGroup var connection: Connection

    func run() async throws { try await connection.run(connection.json ? ["list", "jsonstats"] : ["list", "totals"]) }
}

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The value of a setting, such as maxsessions.")
    @Argument(help: "Its name.") var name: [String]
    @OptionGroup var connection: Connection

    func run() async throws { try await connection.run(["list"] + name) }
}

struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Changes a setting while calls run.")
    @Argument(parsing: .captureForPassthrough, help: "Its name and the new value.") var words: [String]
    @OptionGroup var connection: Connection

    func run() async throws {
        let (connection, words) = try connection.taking(from: words)
        try await connection.run(["set"] + words)
    }
}

struct Drill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lends an address to its backup and takes it back, and reports what that has cost.",
        discussion:
            "For each call it says whether the call would survive the death of its relay; --json has all of them.")
    /// The answer comes after the drill, and after the other relays have told what they got.
    private static let overhead = 30
    /// No relay lends an address for so long: it refuses at once.
    private static let longest = 3600

    @Option(help: "The media address to lend.") var address: String?
    @Option(help: "For so long.") var seconds: Int?
    @Argument(help: "The same without names: ADDRESS [SECONDS].") var words: [String] = []
    @Option(help: "The relay's console; otherwise as with other commands.") var console: String?
    @OptionGroup var source: ConfigurationSource
    @Flag(help: "Print JSON, for scripts.") var json = false

    func run() async throws {
        let words = (address.map { [$0] } ?? []) + words
        guard let address = words.first, words.count <= 2, seconds == nil || words.count == 1,
            let seconds = words.count == 2 ? Int(words[1]) : seconds ?? 5
        else { throw ValidationError("drill --address ADDRESS [--seconds SECONDS]") }
        var connection = Connection()
        (connection.address, connection.source, connection.json) = (console, source, json)
        connection.timeout = min(max(0, seconds), Self.longest) + Self.overhead
        try await connection.run(["drill", address, "\(seconds)"])
    }
}

struct Pass: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Anything else that the relay understands; 'help' lists it.")
    @Argument(parsing: .captureForPassthrough, help: "The words of the command.") var words: [String]
    @OptionGroup var connection: Connection

    func run() async throws {
        let (connection, words) = try connection.taking(from: words)
        try await connection.run(words)
    }
}

/// Columns for people.
enum Table {
    /// What is in the rows may come from phones: a Call-ID, a tag.
    static func text(_ titles: [String], _ rows: [[String]]) -> String {
        let all = [titles] + rows.map { $0.map(PlainText.oneLine) }
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces) + "\n"
        }.joined()
    }

    /// Seconds as `2:03:04` or `3:04`.
    static func duration(_ seconds: Int) -> String {
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }
}
