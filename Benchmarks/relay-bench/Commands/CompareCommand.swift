import ArgumentParser
import Glibc
import RelayBenchKit
import RelayCore
import WireFormat

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Starts rtpengine and relayd in turn, and prints both sides of every figure.",
        discussion: """
            Both run in user space on a loopback address, with the same options and the same load; rounds alternate. \
            Everything that is started is ended. A relay that is not there is left out.
            """)

    @Option(help: ArgumentHelp("The relayd to measure (default: the one next to this program).", valueName: "path"))
    var relayd: String?

    @Option(help: ArgumentHelp("The rtpengine to measure.", valueName: "path"))
    var rtpengine = "/usr/bin/rtpengine"

    @Option(help: ArgumentHelp("Packets per second (default: 20000,50000,100000).", valueName: "n,n,..."))
    var rate: String?

    @Option(help: "Calls that the packets are spread over.")
    var calls = 1000

    @Option(help: "Length of each media measurement (default: 10).")
    var seconds: Double?

    @Option(help: "How often each relay has its turn (default: 2).")
    var rounds: Int?

    @Option(help: "Media threads of each relay.")
    var threads = 1

    @Option(help: "UDP sockets of the generator on each side of the calls.")
    var endpoints = 1

    @Flag(
        help: """
            Between them the least that a relay can do with sockets: a program that receives what is there and sends it on, \
            with one system call each.
            """)
    var bare = false

    @Flag(help: "A first impression in half a minute: one round, 3 s at 20000 and 50000 packets/s.")
    var quick = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        try relay_bench.validate("calls", calls, in: 1...12_000)
        try relay_bench.validate("seconds", seconds ?? 10, in: 0.1...3600)
        try relay_bench.validate("rounds", rounds ?? 2, in: 1...1000)
        try relay_bench.validate("threads", threads, in: 1...1024)
        try relay_bench.validate("endpoints", endpoints, in: 1...min(calls, 10_000))
        if bare, endpoints > 1 { throw ValidationError("--bare has one socket on each side: no --endpoints with it.") }
        if rate != nil, rates == nil {
            throw ValidationError("--rate must be numbers from 1 to 10000000, with commas.")
        }
    }

    private var rates: [Int]? {
        guard let rate else { return nil }
        let numbers = rate.split(separator: ",").map { Int($0) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { (1...10_000_000).contains($0) } ?? false }) else {
            return nil
        }
        return numbers.compactMap { $0 }
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        var settings = CompareRun.Settings()
        (settings.calls, settings.threads, settings.endpoints) = (calls, threads, endpoints)
        settings.rates = rates ?? (quick ? [20_000, 50_000] : settings.rates)
        settings.seconds = seconds ?? (quick ? 3 : settings.seconds)
        settings.rounds = rounds ?? (quick ? 1 : settings.rounds)
        settings.controlSeconds = quick ? 2 : settings.controlSeconds
        var sides = try findPrograms().map { CompareRun.Side.relay($0) }
        if bare { sides.insert(.bare, at: sides.count - 1) }
        // A loopback network of its own for each run, so that two runs do not meet at a port.
        let network = UInt32(0x7F4D_0000) | UInt32(getpid() & 0xFF) << 8
        let rounds = try CompareRun(
            sides: sides, settings: settings, relayAddress: IPAddress(ipv4: network | 1),
            generatorAddress: IPAddress(ipv4: network | 2), progress: note
        ).run()
        let table = ComparisonTable(names: sides.map(\.name), sides: rounds, settings: settings)
        if json { return print(try table.json()) }
        print(heading(settings) + "\n")
        for line in table.lines { print(line) }
    }

    private func findPrograms() throws -> [RelayProgram] {
        let candidates = [("rtpengine", rtpengine), ("relayd", relayd ?? RelayProgram.neighbour)]
        let programs = candidates.compactMap { name, path in
            let program = RelayProgram(name: name, path: path)
            if program == nil { note("\(name) is not at \(path): left out") }
            return program
        }
        guard !programs.isEmpty else {
            throw ValidationError("there is no relay to measure; say --relayd PATH or --rtpengine PATH.")
        }
        return programs
    }

    private func heading(_ settings: CompareRun.Settings) -> String {
        let kernel = SystemFile.text("/proc/sys/kernel/osrelease")?.split(separator: "\n").first ?? "?"
        let processors =
            SystemFile.text("/proc/cpuinfo")?.split(separator: "\n").count { $0.hasPrefix("processor") } ?? 0
        return "\(Figures.count(settings.calls, "call")), \(Figures.count(settings.threads, "media thread")), "
            + "\(Figures.decimal(settings.seconds, places: 1)) s per rate, \(Figures.count(settings.rounds, "round")); "
            + "Linux \(kernel), \(Figures.count(processors, "processor"))"
    }

    /// Progress goes to standard error: the table alone is the output.
    private func note(_ text: String) { StandardError.write(text + "\n") }
}
