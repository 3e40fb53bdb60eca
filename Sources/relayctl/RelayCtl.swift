internal import ArgumentParser

/// Asks a running relay, and tells it what to do.
@main
struct RelayCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relayctl",
        abstract: "Asks a running relay, and tells it what to do.",
        discussion: """
            The relay must have been started with --listen-cli, but for 'tune', which needs none. All other words are \
            handed to it as they are: 'relayctl help' lists what it understands.
            """,
        subcommands: [
            Status.self, Calls.self, Call.self, Terminate.self, Stats.self, Get.self, Set.self, Drill.self, Tune.self,
            Pass.self,
        ],
        defaultSubcommand: Pass.self)

    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        // The argument parser has a word 'help' of its own, about our commands: 'help tune'. Alone it is the relay's.
        let asksRelay = words.filter { !$0.hasPrefix("-") } == ["help"]
        await main(asksRelay ? ["run"] + words : nil)
    }
}

/// Where the relay is, and what its answers look like.
struct Connection: ParsableArguments {
    @Option(
        name: [.customLong("console"), .customLong("address")],
        help: "The relay's console; otherwise listen-cli of the configuration file, or 127.0.0.1:9900.")
    var address: String?

    @OptionGroup var source: ConfigurationSource

    @Option(name: .long, help: "Give up after so many seconds.")
    var timeout = 30

    @Flag(name: .long, help: "Print JSON, for scripts.")
    var json = false

    /// Our own options among words that are handed on as they are; and the other words.
    func taking(from words: [String]) throws -> (Connection, [String]) {
        var connection = self
        var rest: [String] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch (parts[0], parts.count == 2 ? String(parts[1]) : nil) {
            case ("--json", nil): connection.json = true
            case ("--address", let address?), ("--console", let address?): connection.address = address
            case ("--config-file", let file?): connection.source.configFile = file
            case ("--config-section", let section?): connection.source.configSection = section
            case ("--timeout", let seconds?): connection.timeout = Int(seconds) ?? timeout
            default: rest.append(word)
            }
        }
        return (connection, rest)
    }

    /// Sends words; prints the answer, or what `table` makes of its data, and fails if the relay refused.
    func run(_ words: [String], table: (ConsoleAnswer) throws -> String? = { _ in nil }) async throws {
        let answer = try await ConsoleClient(self).ask(words)
        if json {
            print(answer.data ?? answer.line)
        } else if !answer.isFailure, let text = try table(answer) {
            print(text, terminator: "")
        } else {
            print(answer.text, terminator: "")
        }
        if answer.isFailure { throw ExitCode.failure }
    }
}
