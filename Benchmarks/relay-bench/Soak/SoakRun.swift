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
    /// The Redis to start, with a relay that stands by; `nil` for a relay that keeps its calls to itself.
    let redis: String?
    let relayAddress: IPAddress
    let generatorAddress: IPAddress
    /// Told each line of the table as it is known.
    let progress: (String) -> Void

    /// Packets a second of the talking calls, together.
    private static let packetRate = 5000

    /// What is left of all steps' calls that went wrong.
    struct Outcome {
        var calls = 0
        var errors = 0
        var lostPackets = 0
    }

    func run() throws(BenchError) -> Outcome {
        var extra: [String] = []
        var store: ChildProcess?
        defer { store?.end() }
        if let redis {
            let port = try UDPSocket(local: TransportAddress(relayAddress, port: 0)).local.port
            store = try ChildProcess(
                redis,
                [
                    "--bind", "\(relayAddress)", "--port", "\(port)", "--save", "", "--appendonly", "no",
                    "--protected-mode", "no",
                ])
            extra = ["--redis=\(relayAddress):\(port)/0", "--redis-cmd-timeout=1000"]
        }
        let relay = try program.start(.init(address: relayAddress, extra: extra))
        defer { relay.end() }
        let standby = redis == nil ? nil : try program.start(.init(address: relayAddress, extra: extra))
        defer { standby?.end() }

        progress("      calls   calls/s   active KB  descriptors" + (standby == nil ? "" : "  standby KB  descriptors"))
        show(0, perSecond: 0, relay, standby)
        var outcome = Outcome()
        while outcome.calls < calls {
            let share = min(step, calls - outcome.calls)
            let control = try ControlRun(
                relay: relay.listener, pace: ControlPace(width: MediaRun.commandWidth), seconds: 0, sequences: share,
                address: generatorAddress
            ).run()
            if Interrupt.isRequested { throw .interrupted }
            outcome.errors += control.errors
            if talkingCalls > 0 { outcome.lostPackets += try talk(through: relay) }
            try relay.check()
            try standby?.check()
            outcome.calls += share
            SystemClock.sleep(milliseconds: 500)  // what was deleted last is let go
            show(outcome.calls, perSecond: control.sequencesPerSecond, relay, standby)
        }
        return outcome
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
