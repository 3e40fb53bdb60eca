import ArgumentParser
import Glibc
import RelayBenchKit
import WireFormat

struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract:
            "Puts a great many calls through a relay, and shows whether its memory and descriptors stay as they are.",
        discussion: """
            Starts the relay itself, and with --standby also a Redis without files and a second relay that takes the \
            calls over from it. Every call is offered, answered and deleted; some of each step carry media for a second.
            """)

    @Option(help: ArgumentHelp("The relay to look at (default: relayd next to this program).", valueName: "path"))
    var relay: String?

    @Option(help: "Calls in all.")
    var calls = 1_000_000

    @Option(help: "Calls between two looks.")
    var step = 100_000

    @Option(help: "Calls with media, of each step.")
    var talking = 500

    @Flag(help: "Keep the calls in a Redis, with a second relay that stands by.")
    var standby = false

    @Option(help: ArgumentHelp("The Redis to start.", valueName: "path"))
    var redisServer = "/usr/bin/redis-server"

    func validate() throws {
        try relay_bench.validate("calls", calls, in: 1...NGTemplate.maximumCalls)
        try relay_bench.validate("step", step, in: 1...NGTemplate.maximumCalls)
        try relay_bench.validate("talking", talking, in: 0...5000)
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        let path = relay ?? RelayProgram.neighbour
        guard let program = RelayProgram(name: "relay", path: path) else {
            throw ValidationError("there is no relay at \(path); say --relay PATH.")
        }
        let network = UInt32(0x7F4E_0000) | UInt32(getpid() & 0xFF) << 8
        let outcome = try SoakRun(
            program: program, calls: calls, step: step, talkingCalls: talking, redis: standby ? redisServer : nil,
            relayAddress: IPAddress(ipv4: network | 1), generatorAddress: IPAddress(ipv4: network | 2),
            progress: { line in
                print(line)
                fflush(nil)
            }
        ).run()
        print(
            "\(Figures.count(outcome.calls, "call")), \(Figures.count(outcome.errors, "error")), "
                + "\(Figures.count(outcome.lostPackets, "packet")) lost")
        if outcome.errors + outcome.lostPackets > 0 { throw ExitCode.failure }
    }
}
