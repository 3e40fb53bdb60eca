import RelayBenchKit
import WireFormat

/// Offers one relay more than it can carry, and looks at who gets what, and how long it takes to recover.
struct OverloadRun {
    struct Settings {
        var calls = 1000
        /// Length of the overload, and of each rate that is tried before.
        var seconds = 5.0
        var trySeconds = 2.0
        /// What is offered then, in multiples of what the relay carries.
        var excess = 2.0
        /// Programs that the relay shares its processor with.
        var busyPrograms = 2
    }

    /// What one relay showed.
    struct Outcome {
        /// The highest rate tried at which nearly everything arrived in time, packets a second.
        var capacity = 0
        /// What was offered in the overload, and how it fared: in the end, and in time.
        var offered = 0
        var (arrived, timely) = (0.0, OverloadShares.none)
        var fairness = OverloadShares.none
        /// From the end of the overload to the last packet that was lost, and to the last that was lost or late. Seconds.
        var (lastLoss, lastDelay) = (0.0, 0.0)
        /// Other calls' packets while one port was flooded, and how much was sent to that port, packets a second.
        var (besideFlood, flood) = (OverloadShares.none, 0)
    }

    /// A packet of a conversation is of no use later (ITU-T G.114 allows 150 ms from mouth to ear for most, 400 ms at most).
    static let timeLimit: UInt64 = 200_000_000
    /// The share that has to arrive in time for a rate to count as carried.
    private static let carriedShare = 0.99
    /// The search for that rate: where it starts, in packets a second, how it grows, and how often it is halved then.
    private static let (firstRate, growth, halvings) = (15_000.0, 1.5, 3)
    /// Half of the capacity follows the overload for so long.
    private static let recoverySeconds = 5.0

    let program: RelayProgram
    let options: [String]
    let settings: Settings
    let relayAddress: IPAddress
    let generatorAddress: IPAddress
    let progress: (String) -> Void

    func run() throws(BenchError) -> Outcome {
        let processor = try CrowdedProcessor(busyPrograms: settings.busyPrograms)
        defer { processor.end() }
        let relay = try processor.start { () throws(BenchError) in
            try program.start(.init(address: relayAddress, extra: options))
        }
        defer { relay.end() }
        var media = MediaSettings(address: generatorAddress)
        media.calls = settings.calls
        let endpoints = try MediaEndpoints(at: generatorAddress, perSide: 1)
        let calls = try RelayedCalls.establish(
            settings.calls, over: NGClient(relay: relay.listener, slots: MediaRun.commandWidth),
            width: MediaRun.commandWidth, offerers: endpoints.descriptions(.offerer),
            answerers: endpoints.descriptions(.answerer))
        let plan = FlowPlan(calls: settings.calls, endpoints: 1, run: media.batch)
        let destinations = plan.flows.map { flow in
            (flow.sender == .offerer ? calls.towardsOfferer : calls.towardsAnswerer)[flow.call].rtp
        }
        var generator = try MediaGenerator(
            plan: plan, endpoints: endpoints, destinations: destinations, settings: media)
        _ = try generator.send(2 * plan.flows.count, rate: Int(Self.firstRate), phase: .warmUp)
        generator.trackDelay(limit: Self.timeLimit)
        var outcome = Outcome()
        outcome.capacity = try capacity(&generator, flows: plan.flows.count)
        try relay.check()
        try overload(&generator, flows: plan.flows.count, &outcome)
        try relay.check()
        try flood(destinations[0], of: plan, &generator, &outcome, beside: processor)
        try relay.check()
        return outcome
    }

    /// Tries one rate; true when nearly everything arrived in time.
    private func carries(_ rate: Double, _ generator: inout MediaGenerator, flows: Int) throws(BenchError) -> Bool {
        let packets = Int(rate * settings.trySeconds)
        let account = try generator.send(packets, rate: Int(rate), phase: .measurement)
        if Interrupt.isRequested { throw .interrupted }
        let shares = OverloadShares(account.timely ?? account.ledger, flows: flows, part: 0..<packets)
        let isReached = Double(account.elapsed) < 1.05 * settings.trySeconds * 1e9
        progress(
            "  \(Figures.grouped(Int(rate))) packets/s: "
                + "\(Figures.decimal(shares.share * 100, places: 2)) % in time"
                + (isReached ? "" : ", more than the generator can send"))
        return isReached && shares.share >= Self.carriedShare
    }

    private func capacity(_ generator: inout MediaGenerator, flows: Int) throws(BenchError) -> Int {
        var (carried, refused) = (0.0, Self.firstRate)
        while try carries(refused, &generator, flows: flows) { (carried, refused) = (refused, refused * Self.growth) }
        guard carried > 0 else { throw .relayFailed("it does not even carry \(Int(Self.firstRate)) packets/s") }
        for _ in 0..<Self.halvings {
            let middle = (carried * refused).squareRoot()
            if try carries(middle, &generator, flows: flows) { carried = middle } else { refused = middle }
        }
        return Int(carried)
    }

    private func overload(
        _ generator: inout MediaGenerator, flows: Int, _ outcome: inout Outcome
    ) throws(BenchError) {
        let rate = Int(Double(outcome.capacity) * settings.excess)
        let during = Int(Double(rate) * settings.seconds)
        let calm = outcome.capacity / 2
        let after = Int(Double(calm) * Self.recoverySeconds)
        let account = try generator.send(
            [.init(packets: during, rate: rate), .init(packets: after, rate: calm)], phase: .measurement)
        if Interrupt.isRequested { throw .interrupted }
        let timely = account.timely ?? account.ledger
        outcome.fairness = OverloadShares(account.ledger, flows: flows, part: 0..<during)
        outcome.timely = OverloadShares(timely, flows: flows, part: 0..<during)
        // Longer than it should have been where the generator could not send as fast.
        let lasted = Double(account.starts[1] - account.starts[0]) / 1e9
        outcome.offered = Int(Double(during) / lasted)
        outcome.arrived = Double(outcome.fairness.arrived) / lasted
        func seconds(_ ledger: ArrivalLedger) -> Double {
            let shares = OverloadShares(ledger, flows: flows, part: during..<during + after)
            return shares.lastMissing.map { Double($0 + 1) / Double(calm) } ?? 0
        }
        (outcome.lastLoss, outcome.lastDelay) = (seconds(account.ledger), seconds(timely))
        let excess = Figures.decimal(settings.excess, places: 1)
        progress("  \(excess) times that: \(Figures.decimal(outcome.fairness.share * 100, places: 1)) % arrived")
    }

    /// Half of what the relay carries, and at one call's port `excess` times what it carries from a stranger.
    private func flood(
        _ target: TransportAddress, of plan: FlowPlan, _ generator: inout MediaGenerator, _ outcome: inout Outcome,
        beside processor: CrowdedProcessor
    ) throws(BenchError) {
        let arguments = [
            "flood", "\(target)", "--from=\(generatorAddress)",
            "--rate=\(Int(Double(outcome.capacity) * settings.excess))", "--seconds=\(settings.seconds + 1)",
        ]
        let flooder = try processor.startBeside { () throws(BenchError) in
            try ChildProcess(FileSystem.link("/proc/self/exe") ?? "relay-bench", arguments)
        }
        defer { flooder.end() }
        SystemClock.sleep(milliseconds: 500)
        let rate = outcome.capacity / 2
        let packets = Int(Double(rate) * settings.seconds)
        let account = try generator.send(packets, rate: rate, phase: .measurement)
        if Interrupt.isRequested { throw .interrupted }
        flooder.end()
        outcome.flood = flooder.lastLines(1).first.flatMap { Int($0) } ?? 0
        let flooded = plan.flows[0].call
        outcome.besideFlood = OverloadShares(
            account.timely ?? account.ledger, flows: plan.flows.count, part: 0..<packets
        ) { plan.flows[$0].call != flooded }
        progress(
            "  beside a flood at one port: \(Figures.decimal(outcome.besideFlood.share * 100, places: 2)) % in time")
    }
}
