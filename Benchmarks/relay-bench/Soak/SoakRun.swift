import RelayBenchKit
import WireFormat

/// A great many calls through one relay, one after the other: what stays behind of them in memory and descriptors.
struct SoakRun {
    let program: RelayProgram
    /// Calls in all, and after how many the relay is looked at.
    let calls: Int
    let step: Int
    /// Of each step, calls that carry media for a second.
    let talkingCalls: Int
    /// A relay that stands by; `nil` for a relay that keeps its calls to itself.
    let standby: Standby?
    let relayAddress: IPAddress
    let generatorAddress: IPAddress
    /// Told each line of the table as it is known.
    let progress: (String) -> Void

    /// Where the relay is that stands by, and the Redis to start. It has the same media address as the other, so it needs a
    /// network of its own, in which it is reached at another.
    struct Standby {
        let redis: String
        let network: NetworkNamespace
        let address: IPAddress
    }

    /// Calls that are up all the time, so that each is old enough to be stored and taken over when it ends.
    private static let standing = 1000
    /// With a relay that stands by, calls that stay: it has to hold them at each look.
    private static let staying = 100
    /// How long it may take to know of them, in nanoseconds.
    private static let patience: UInt64 = 10_000_000_000
    /// Packets a second of the talking calls, together.
    private static let packetRate = 5000

    /// What is left of all steps' calls that went wrong.
    struct Outcome {
        var calls = 0
        var errors = 0
        var lostPackets = 0
    }

    func run() throws(BenchError) -> Outcome {
        var shared: [String] = []
        var store: ChildProcess?
        defer { store?.end() }
        if let standby {
            let listener = try RedisServer.freePort(at: relayAddress)
            store = try RedisServer.start(standby.redis, at: listener)
            // Nobody sends media in the calls that stay.
            shared = ["--redis=\(listener)/0", "--redis-cmd-timeout=1000", "--timeout=86400"]
        }
        let own = standby == nil ? [] : ["--node=active"]
        let relay = try program.start(.init(address: relayAddress, extra: shared + own))
        defer { relay.end() }
        let other = try standby.map { (standby) throws(BenchError) in try start(standby, options: shared) }
        defer { other?.end() }
        if other != nil { try establishStaying(at: relay) }

        progress("      calls   calls/s   active KB  descriptors" + (other == nil ? "" : "  standby KB  descriptors"))
        show(0, perSecond: 0, relay, other)
        var outcome = Outcome()
        while outcome.calls < calls {
            let share = min(step, calls - outcome.calls)
            let control = try ControlRun(
                relay: relay.listener, pace: ControlPace(width: MediaRun.commandWidth), seconds: 0, sequences: share,
                standing: Self.standing, address: generatorAddress
            ).run()
            if Interrupt.isRequested { throw .interrupted }
            outcome.errors += control.errors
            if talkingCalls > 0 { outcome.lostPackets += try talk(through: relay) }
            try relay.check()
            try other?.check()
            outcome.calls += share
            SystemClock.sleep(milliseconds: 500)  // what was deleted last is let go
            if let other { try look(at: other) }
            show(outcome.calls, perSecond: control.sequencesPerSecond, relay, other)
        }
        return outcome
    }

    private func start(_ standby: Standby, options: [String]) throws(BenchError) -> RunningRelay {
        try standby.network.visit { () throws(BenchError) in
            var settings = RelayProgram.Settings(address: relayAddress, extra: options + ["--node=standby"])
            settings.listener = TransportAddress(
                standby.address, port: try RelayProgram.freePort(at: standby.address))
            return try program.start(settings)
        }
    }

    private func establishStaying(at relay: RunningRelay) throws(BenchError) {
        let audio = AudioDescription(rtp: TransportAddress(generatorAddress, port: 40_000), rtcpPort: 40_001)
        _ = try RelayedCalls.establish(
            Self.staying, over: NGClient(relay: relay.listener), width: 1, offerers: [audio], answerers: [audio])
    }

    /// The relay that stands by holds the calls that stay, and nothing else.
    private func look(at standby: RunningRelay) throws(BenchError) {
        let observer = try NGClient(relay: standby.listener)
        let start = SystemClock.monotonic
        while try observer.calls().count != Self.staying {
            guard SystemClock.monotonic - start < Self.patience else {
                throw .relayFailed(
                    "the relay that stands by holds \(try observer.calls().count) calls, not \(Self.staying)")
            }
            if Interrupt.isRequested { throw .interrupted }
            SystemClock.sleep(milliseconds: 50)
        }
    }

    private func talk(through relay: RunningRelay) throws(BenchError) -> Int {
        var media = MediaSettings(address: generatorAddress)
        (media.calls, media.rate, media.seconds, media.warmUpSeconds) = (talkingCalls, Self.packetRate, 1, 0.2)
        media.process = relay.identifier
        let client = try NGClient(relay: relay.listener, slots: MediaRun.commandWidth)
        return try MediaRun(settings: media, client: client).run().totals.lost
    }

    private func show(_ calls: Int, perSecond: Double, _ relay: RunningRelay, _ standby: RunningRelay?) {
        func column(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func state(of relay: RunningRelay) -> String {
            column(Figures.grouped(relay.residentMemory / 1024), 12) + column("\(relay.descriptorCount)", 13)
        }
        progress(
            column(Figures.grouped(calls), 11) + column(Figures.decimal(perSecond, places: 0), 10) + state(of: relay)
                + (standby.map { state(of: $0) } ?? ""))
    }
}
