import RelayBenchKit
import WireFormat

/// Measures relays in turn, round by round, so that whatever drifts on the machine meets all of them.
struct CompareRun {
    struct Settings {
        var rates = [20_000, 50_000, 100_000]
        var calls = 1000
        var seconds = 10.0
        var controlSeconds = 5.0
        var rounds = 2
        var threads = 1
        var endpoints = 1
    }

    /// Whoever is measured.
    enum Side {
        case relay(RelayProgram)
        /// The least that a relay can do (`BareForwarder`).
        case bare

        var name: String {
            switch self {
            case .relay(let program): program.version.isEmpty ? program.name : "\(program.name) \(program.version)"
            case .bare: "bare"
            }
        }
    }

    let sides: [Side]
    let settings: Settings
    /// Where relays run, and where the generator does.
    let relayAddress: IPAddress
    let generatorAddress: IPAddress
    /// Told what is done, as it is done.
    let progress: (String) -> Void

    /// What one relay showed in one round.
    struct Round {
        var startTime: UInt64?
        var idleMemory: UInt64?
        /// By rate, in the order of the settings.
        var media: [MediaResult] = []
        /// By pace; empty for what takes no commands.
        var control: [ControlResult] = []
    }

    /// All rounds of each side, in their order.
    func run() throws(BenchError) -> [[Round]] {
        var rounds = sides.map { _ in [Round]() }
        for number in 1...settings.rounds {
            for (index, side) in sides.enumerated() {
                progress("round \(number) of \(settings.rounds), \(side.name)")
                switch side {
                case .relay(let program): rounds[index].append(try round(of: program))
                case .bare: rounds[index].append(try bareRound())
                }
            }
        }
        return rounds
    }

    private func round(of program: RelayProgram) throws(BenchError) -> Round {
        let relay = try program.start(.init(address: relayAddress, threads: settings.threads))
        defer { relay.end() }
        var round = Round(startTime: relay.startTime, idleMemory: relay.residentMemory)
        progress("  serves after \(Figures.duration(relay.startTime))")
        for rate in settings.rates {
            round.media.append(try media(at: rate, through: relay))
            try relay.check()
        }
        for pace in ControlPace.compared {
            let result = try ControlRun(
                relay: relay.listener, pace: pace, seconds: settings.controlSeconds, address: generatorAddress
            ).run()
            if Interrupt.isRequested { throw .interrupted }
            try relay.check()
            progress("  \(pace.name): \(Figures.decimal(result.sequencesPerSecond, places: 0)) calls/s")
            round.control.append(result)
        }
        return round
    }

    private func bareRound() throws(BenchError) -> Round {
        var round = Round()
        for rate in settings.rates { round.media.append(try media(at: rate, through: nil)) }
        return round
    }

    private func media(at rate: Int, through relay: RunningRelay?) throws(BenchError) -> MediaResult {
        var media = MediaSettings(address: generatorAddress)
        (media.calls, media.rate, media.seconds) = (settings.calls, rate, settings.seconds)
        var client: NGClient?
        if let relay {
            (media.endpoints, media.process) = (settings.endpoints, relay.identifier)
            client = try NGClient(relay: relay.listener, slots: MediaRun.commandWidth)
        } else {
            media.forwarder = relayAddress
        }
        let result = try MediaRun(settings: media, client: client).run()
        if Interrupt.isRequested { throw .interrupted }
        let cost = result.cpuPerPacket.map { Figures.decimal($0, places: 2) } ?? "?"
        let lost = Figures.grouped(result.totals.lost)
        progress("  \(Figures.grouped(rate)) packets/s: \(cost) µs a packet, \(lost) lost")
        return result
    }
}
