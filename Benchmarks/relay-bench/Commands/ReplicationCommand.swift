import ArgumentParser
import Glibc
import RelayBenchKit
import WireFormat

struct ReplicationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replication",
        abstract: "Compares rtpengine and relayd with calls stored in Redis: commands per second, and restarts.",
        discussion: """
            Starts a Redis of its own, without files, and each relay in turn. Calls per second is offer, answer and \
            delete, as in "compare". A restart is measured with calls up: the relay is killed, started again, and has to \
            answer with all of them restored. With --outage, Redis is away for so many seconds instead, while 50 \
            calls a second go through one relayd and another stands by.
            """)

    @Option(help: ArgumentHelp("The relayd to measure (default: the one next to this program).", valueName: "path"))
    var relayd: String?

    @Option(help: ArgumentHelp("The rtpengine to measure.", valueName: "path"))
    var rtpengine = "/usr/bin/rtpengine"

    @Option(help: ArgumentHelp("The Redis that both use.", valueName: "path"))
    var redisServer = "/usr/bin/redis-server"

    @Option(help: "Length of each measurement.")
    var seconds = 5.0

    @Option(help: "How often each relay has its turn.")
    var rounds = 2

    @Option(help: "Calls that are up when a relay is restarted; 0 leaves that out.")
    var calls = 4000

    @Option(help: ArgumentHelp("Kill, stop and slow Redis down for so long, and nothing else.", valueName: "seconds"))
    var outage: Int?

    func validate() throws {
        if let outage { try relay_bench.validate("outage", outage, in: 1...120) }
        try relay_bench.validate("seconds", seconds, in: 0.1...3600)
        try relay_bench.validate("rounds", rounds, in: 1...1000)
        try relay_bench.validate("calls", calls, in: 0...25_000)
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        let programs = [("rtpengine", rtpengine), ("relayd", relayd ?? RelayProgram.neighbour)].compactMap {
            RelayProgram(name: $0.0, path: $0.1)
        }
        guard !programs.isEmpty else {
            throw ValidationError("there is no relay to measure; say --relayd PATH or --rtpengine PATH.")
        }
        let network = UInt32(0x7F4E_0000) | UInt32(getpid() & 0xFF) << 8
        if let outage {
            guard let program = programs.first(where: { $0.name == "relayd" }) else {
                throw ValidationError("there is no relayd to measure; say --relayd PATH.")
            }
            let run = OutageRun(
                program: program, redis: redisServer, seconds: outage, network: network,
                progress: { StandardError.write($0 + "\n") })
            let (lines, isKept) = try run.lines()
            for line in lines { print(line) }
            if !isKept { throw ExitCode.failure }
            return
        }
        let run = ReplicationRun(
            programs: programs, redis: redisServer, seconds: seconds, rounds: rounds, calls: calls,
            relayAddress: IPAddress(ipv4: network | 1), generatorAddress: IPAddress(ipv4: network | 2),
            progress: { StandardError.write($0 + "\n") })
        for line in try run.lines() { print(line) }
    }
}
