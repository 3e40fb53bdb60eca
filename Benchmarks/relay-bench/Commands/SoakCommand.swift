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
            Starts the relay itself. Every call is offered, answered and deleted; some of each step carry media for a \
            second. With --standby-network it also starts a Redis without files, and in that network namespace a second \
            relay that takes the calls over: Benchmarks/standby makes one, as root.
            """)

    @Option(help: ArgumentHelp("The relay to look at (default: relayd next to this program).", valueName: "path"))
    var relay: String?

    @Option(help: "Calls in all.")
    var calls = 1_000_000

    @Option(help: "Calls between two looks.")
    var step = 100_000

    @Option(help: "Calls with media, of each step.")
    var talking = 500

    @Option(help: "The relay's address (default: one of this host's own).")
    var address: IPAddress?

    @Option(help: ArgumentHelp("The network namespace of a second relay, which stands by.", valueName: "path"))
    var standbyNetwork: String?

    @Option(help: "The second relay's address for commands.")
    var standbyAddress: IPAddress?

    @Option(help: ArgumentHelp("The Redis to start.", valueName: "path"))
    var redisServer = "/usr/bin/redis-server"

    func validate() throws {
        try relay_bench.validate("calls", calls, in: 1...NGTemplate.maximumCalls)
        try relay_bench.validate("step", step, in: 1...NGTemplate.maximumCalls)
        try relay_bench.validate("talking", talking, in: 0...5000)
        guard (standbyNetwork == nil) == (standbyAddress == nil), standbyNetwork == nil || address != nil else {
            throw ValidationError(
                "--standby-network needs --standby-address, and an --address that can be reached from it.")
        }
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        let path = relay ?? RelayProgram.neighbour
        guard let program = RelayProgram(name: "relay", path: path) else {
            throw ValidationError("there is no relay at \(path); say --relay PATH.")
        }
        let network = UInt32(0x7F4E_0000) | UInt32(getpid() & 0xFF) << 8
        var standby: SoakRun.Standby?
        if let standbyNetwork, let standbyAddress {
            standby = SoakRun.Standby(
                redis: redisServer, network: try NetworkNamespace(standbyNetwork), address: standbyAddress)
        }
        let outcome = try SoakRun(
            program: program, calls: calls, step: step, talkingCalls: talking, standby: standby,
            relayAddress: address ?? IPAddress(ipv4: network | 1),
            generatorAddress: address ?? IPAddress(ipv4: network | 2),
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
