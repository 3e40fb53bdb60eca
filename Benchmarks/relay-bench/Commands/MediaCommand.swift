import ArgumentParser
import RelayBenchKit
import WireFormat

struct MediaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media", abstract: "Relays paced RTP through many calls; counts every packet, measures the delay.",
        discussion: "Ends with status 1 if a packet was lost, duplicated or changed.")

    @OptionGroup var relay: RelayOptions

    @Option(help: "Calls to set up, each with one audio stream in both directions.")
    var calls = 1000

    @Option(help: "RTP packets per second, all flows and directions together.")
    var rate = 50_000

    @Option(help: "Length of the measuring window.")
    var seconds = 10.0

    @Option(help: "Length of the warm-up before it, in which the relay learns the sources.")
    var warmUp = 1.0

    @Option(help: "UDP sockets on each side of the calls.")
    var endpoints = 1

    @Option(help: "Most datagrams in one system call.")
    var batch = 8

    @Option(help: "Shortest sleep between two sends in microseconds; 0 never sleeps, and uses a whole processor.")
    var tick = 100

    @Option(help: ArgumentHelp("The relay's process id: reports its CPU time and memory.", valueName: "pid"))
    var pid: Int32?

    @Flag(help: "With --pid: the time in the relay's XDP and tc programs. Reading clocks for it makes packets dearer.")
    var programs = false

    @Flag(help: "No relay: both sides send to each other directly. Shows what the generator costs and adds itself.")
    var direct = false

    @Option(
        help: ArgumentHelp(
            "With --direct: a network namespace that the answerers are in, so that packets cross what lies between.",
            valueName: "path"))
    var sinkNetwork: String?

    @Option(help: ArgumentHelp("The answerers' address there.", valueName: "address"))
    var sinkAddress: IPAddress?

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        try relay_bench.validate("calls", calls, in: 1...MediaProbe.maximumFlows / 2)
        try relay_bench.validate("rate", rate, in: 1...10_000_000)
        try relay_bench.validate("seconds", seconds, in: 0.01...86_400)
        try relay_bench.validate("warm-up", warmUp, in: 0...3600)
        try relay_bench.validate("endpoints", endpoints, in: 1...min(calls, 10_000))
        try relay_bench.validate("batch", batch, in: 1...1024)
        try relay_bench.validate("tick", tick, in: 0...100_000)
        guard (sinkNetwork == nil) == (sinkAddress == nil), direct || sinkNetwork == nil else {
            throw ValidationError("--sink-network and --sink-address belong together, and to --direct.")
        }
        if let pid, ProcessSample(of: pid, withDescendants: false) == nil {
            throw ValidationError("--pid \(pid): there is no such process.")
        }
    }

    func run() throws {
        Interrupt.arm()
        ChildProcess.raiseFileLimit()
        var settings = MediaSettings(address: direct ? relay.address ?? relay.ng.address : try relay.mediaAddress())
        (settings.calls, settings.rate, settings.seconds, settings.warmUpSeconds) = (calls, rate, seconds, warmUp)
        (settings.endpoints, settings.batch, settings.tick, settings.process) = (endpoints, batch, tick, pid)
        settings.measuresPrograms = programs
        if let sinkNetwork, let sinkAddress {
            settings.sink = MediaSink(namespace: try NetworkNamespace(sinkNetwork), address: sinkAddress)
        }
        let client = direct ? nil : try NGClient(relay: relay.ng, slots: MediaRun.commandWidth)
        let result = try MediaRun(settings: settings, client: client).run()
        if json {
            print(try MediaReport(result).json())
        } else {
            for line in MediaReport(result).lines { print(line) }
        }
        if !result.isClean { throw ExitCode.failure }
    }
}
