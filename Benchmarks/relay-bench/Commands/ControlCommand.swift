import ArgumentParser
import FoundationEssentials
import RelayBenchKit
import WireFormat

struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control", abstract: "Offers, answers and deletes calls as fast as the relay can; no media.",
        discussion: "Ends with status 1 if a command was refused or not answered.")

    @OptionGroup var relay: RelayOptions

    @Option(help: "How long calls are begun.")
    var seconds = 5.0

    @Option(help: "Calls in flight, each with one command at a time; 1 is one client in sequence.")
    var inFlight = 1

    @Flag(help: "Look for answers without a pause, which takes a processor, instead of being woken by them.")
    var awake = false

    @Option(help: "Stop after this many calls, however long that takes.")
    var sequences: Int?

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        try relay_bench.validate("seconds", seconds, in: 0.01...86_400)
        try relay_bench.validate("in-flight", inFlight, in: 1...10_000)
        if let sequences { try relay_bench.validate("sequences", sequences, in: 1...NGTemplate.maximumCalls) }
    }

    func run() throws {
        Interrupt.arm()
        let result = try ControlRun(
            relay: relay.ng, pace: ControlPace(width: inFlight, staysAwake: awake), seconds: seconds,
            sequences: sequences, address: try relay.mediaAddress()
        ).run()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(ControlDocument(result)), as: UTF8.self))
        } else {
            for line in result.lines { print(line) }
        }
        if result.errors > 0 { throw ExitCode.failure }
    }
}
