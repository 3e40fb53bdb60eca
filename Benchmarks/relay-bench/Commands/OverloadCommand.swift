import ArgumentParser
import Glibc
import RelayBenchKit
import WireFormat

struct OverloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload",
        abstract: "Finds what rtpengine and relayd carry, offers them more, and floods one of their ports.",
        discussion: """
            Each relay runs in turn on one processor, which it shares with programs that never rest, so that one \
            generator on another can offer it more than it can carry. A rate counts as carried when 99 % of the packets \
            arrive within 200 ms. relayd runs twice: with a socket for every port, and where the kernel lets it, with \
            sockets that ports share.
            """)

    @Option(help: ArgumentHelp("The relayd to measure (default: the one next to this program).", valueName: "path"))
    var relayd: String?

    @Option(help: ArgumentHelp("The rtpengine to measure.", valueName: "path"))
    var rtpengine = "/usr/bin/rtpengine"

    @Option(help: "Calls that the packets are spread over.")
    var calls = 1000

    @Option(help: "Length of the overload.")
    var seconds = 5.0

    @Option(help: "Length of each rate that is tried to find what a relay carries.")
    var trySeconds = 2.0

    @Option(help: "What is offered then, in multiples of what the relay carries.")
    var excess = 2.0

    @Option(help: "Programs that never rest, on the relay's processor.")
    var busyPrograms = 2

    @Option(help: ArgumentHelp("One of relayd's ways alone.", valueName: "each|shared"))
    var portSockets: String?

    func validate() throws {
        guard portSockets.map({ ["each", "shared"].contains($0) }) ?? true else {
            throw ValidationError("--port-sockets must be each or shared.")
        }
        try relay_bench.validate("calls", calls, in: 2...12_000)
        try relay_bench.validate("seconds", seconds, in: 1...3600)
        try relay_bench.validate("try-seconds", trySeconds, in: 0.5...60)
        try relay_bench.validate("excess", excess, in: 1...20)
        try relay_bench.validate("busy-programs", busyPrograms, in: 0...100)
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        let network = UInt32(0x7F4F_0000) | UInt32(getpid() & 0xFF) << 8
        var settings = OverloadRun.Settings()
        (settings.calls, settings.seconds, settings.trySeconds) = (calls, seconds, trySeconds)
        (settings.excess, settings.busyPrograms) = (excess, busyPrograms)
        var (names, outcomes): ([String], [OverloadRun.Outcome]) = ([], [])
        for (name, path, options) in sides {
            guard let program = RelayProgram(name: name, path: path) else {
                note("\(name) is not at \(path): left out")
                continue
            }
            note(name)
            do {
                outcomes.append(
                    try OverloadRun(
                        program: program, options: options, settings: settings,
                        relayAddress: IPAddress(ipv4: network | 1), generatorAddress: IPAddress(ipv4: network | 2),
                        progress: note
                    ).run())
                names.append(name)
            } catch BenchError.interrupted { throw BenchError.interrupted } catch { note("  left out: \(error)") }
        }
        guard !outcomes.isEmpty else { throw ValidationError("there is no relay to measure.") }
        for line in OverloadTable(names: names, outcomes: outcomes, settings: settings).lines { print(line) }
    }

    private var sides: [(name: String, path: String, options: [String])] {
        let path = relayd ?? RelayProgram.neighbour
        let ways = [("each", "a socket for every port"), ("shared", "ports share sockets")]
        return [("rtpengine", rtpengine, [])]
            + ways.filter { portSockets == nil || portSockets == $0.0 }
            .map { ("relayd, \($0.1)", path, ["--port-sockets=\($0.0)"]) }
    }

    /// Progress goes to standard error: the table alone is the output.
    private func note(_ text: String) { StandardError.write(text + "\n") }
}
