import ArgumentParser
import FoundationEssentials
import Glibc
import RelayBenchKit
import WireFormat

struct FailoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover", abstract: "Counts what calls lose while relays, routes and hosts fail.",
        discussion: """
            Prints "ready" when media has flowed on all calls, and "running" when the window begins; break something \
            then. When the window is over it prints one JSON object: packets lost, the longest gap of any call, calls \
            lost for good.
            """)

    @Option(
        help: ArgumentHelp("A relay's NG listener (UDP); repeat it to deal the calls out.", valueName: "address:port"))
    var ng: [TransportAddress]

    @Option(help: ArgumentHelp("The address that media is sent from and received at.", valueName: "address"))
    var address: IPAddress?

    @Option(help: "Calls, each with one audio stream in both directions.")
    var calls = 200

    @Option(help: "Milliseconds between two packets of a flow.")
    var interval = 20

    @Option(help: "Length of the window.")
    var seconds = 8.0

    @Option(help: "UDP sockets on each side of the calls.")
    var endpoints = 1

    @Flag(help: "Between \"ready\" and \"running\", wait for a line on standard input.")
    var wait = false

    func validate() throws {
        guard !ng.isEmpty else { throw ValidationError("--ng ADDRESS:PORT is missing.") }
        try relay_bench.validate("calls", calls, in: 1...MediaProbe.maximumFlows / 2)
        try relay_bench.validate("interval", interval, in: 5...1000)
        try relay_bench.validate("seconds", seconds, in: 1...3600)
        try relay_bench.validate("endpoints", endpoints, in: 1...min(calls, 10_000))
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        var settings = MediaSettings(address: try address ?? UDPSocket.localAddress(towards: ng[0]))
        (settings.calls, settings.seconds, settings.endpoints) = (calls, seconds, endpoints)
        settings.rate = 2 * calls * 1000 / interval
        let run = FailoverRun(media: settings, relays: ng) {
            Self.say("ready")
            if wait { _ = readLine() }
            Self.say("running")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        Self.say(String(decoding: try encoder.encode(run.run()), as: UTF8.self))
    }

    /// Prints a line at once, also into a pipe.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
