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

    let programs: [RelayProgram]
    let settings: Settings
    /// Where relays run, and where the generator does.
    let relayAddress: IPAddress
    let generatorAddress: IPAddress
    /// Told what is done, as it is done.
    let progress: (String) -> Void

    /// What one relay showed in one round.
    struct Round {
        var startTime: UInt64 = 0
        var idleMemory: UInt64 = 0
        /// By rate, in the order of the settings.
        var media: [MediaResult] = []
        var control: [ControlResult] = []
    }

    /// All rounds of each program, in their order.
    func run() throws(BenchError) -> [[Round]] {
        var sides = programs.map { _ in [Round]() }
        for number in 1...settings.rounds {
            for (index, program) in programs.enumerated() {
                progress("round \(number) of \(settings.rounds), \(program.name)")
                sides[index].append(try round(of: program))
            }
        }
        return sides
    }

    private func round(of program: RelayProgram) throws(BenchError) -> Round {
        let relay = try program.start(.init(address: relayAddress, threads: settings.threads))
        defer { relay.end() }
        var round = Round(startTime: relay.startTime, idleMemory: relay.residentMemory)
        progress("  serves after \(Figures.duration(relay.startTime))")
        for rate in settings.rates {
            let result = try media(at: rate, through: relay)
            let cost = result.cpuPerPacket.map { Figures.decimal($0, places: 2) } ?? "?"
            let lost = Figures.grouped(result.totals.lost)
            progress("  \(Figures.grouped(rate)) packets/s: \(cost) µs a packet, \(lost) lost")
            try relay.check()
            round.media.append(result)
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

    private func media(at rate: Int, through relay: RunningRelay) throws(BenchError) -> MediaResult {
        var media = MediaSettings(address: generatorAddress)
        (media.calls, media.rate, media.seconds) = (settings.calls, rate, settings.seconds)
        (media.endpoints, media.process) = (settings.endpoints, relay.identifier)
        let client = try NGClient(relay: relay.listener, slots: MediaRun.commandWidth)
        let result = try MediaRun(settings: media, client: client).run()
        if Interrupt.isRequested { throw .interrupted }
        return result
    }
}
