import RelayBenchKit
import WireFormat

/// Keeps media flowing through calls on one or several relays while somebody else breaks things, and accounts for it.
struct FailoverRun {
    /// Load and generator; `rate` is over all calls.
    let media: MediaSettings
    /// Where calls are set up; they are dealt out evenly.
    let relays: [TransportAddress]
    /// Told when media has flowed on all calls; the window begins when it returns.
    let beforeWindow: () -> Void

    /// Commands in flight while calls are set up and deleted.
    private static let commandWidth = 16
    /// Without a packet for so long at the end, a call counts as lost; nanoseconds, and at least three intervals.
    private static let silence: UInt64 = 1_000_000_000

    /// What happened to media and commands.
    struct Result: Encodable {
        var media = FailoverTotals()
        /// Calls that could not be deleted afterwards, as nobody answered or somebody refused.
        var deletesFailed = 0
        /// Addresses at which a new call could not be set up afterwards.
        var newCallsFailed = 0
        /// The longest reply time of those commands, in milliseconds.
        var slowestCommandMilliseconds = 0.0
        /// Packets that reached the generator, which did not read them in time.
        var generatorDrops = 0
        /// Packets that the generator could not send.
        var unsent = 0
        /// Flows without a packet already before the window.
        var deadBefore = 0
        /// How much later than planned packets left, 99.9 %, in milliseconds: what the generator itself adds to gaps.
        var latenessMilliseconds = 0.0
    }

    /// The calls of one relay.
    private struct Group {
        let client: NGClient
        let calls: RelayedCalls
    }

    func run() throws(BenchError) -> Result {
        let endpoints = try MediaEndpoints(at: media.address, perSide: media.endpoints)
        var groups: [Group] = []
        do throws(BenchError) {
            try establish(&groups, over: endpoints)
            var result = try measure(endpoints, groups)
            try finish(groups, &result)
            return result
        } catch {
            // Nothing is left behind; a relay that is gone has nothing.
            for group in groups { _ = try? group.calls.delete() }
            throw error
        }
    }

    private func establish(_ groups: inout [Group], over endpoints: MediaEndpoints) throws(BenchError) {
        for (index, relay) in relays.enumerated() {
            let share = media.calls / relays.count + (index < media.calls % relays.count ? 1 : 0)
            guard share > 0 else { continue }
            let client = try NGClient(relay: relay, slots: Self.commandWidth)
            let calls = try RelayedCalls.establish(
                share, over: client, width: Self.commandWidth, offerers: endpoints.descriptions(.offerer),
                answerers: endpoints.descriptions(.answerer))
            groups.append(Group(client: client, calls: calls))
        }
    }

    private func measure(_ endpoints: MediaEndpoints, _ groups: [Group]) throws(BenchError) -> Result {
        let plan = FlowPlan(calls: media.calls, endpoints: media.endpoints, run: media.batch)
        let towardsOfferer = groups.flatMap(\.calls.towardsOfferer)
        let towardsAnswerer = groups.flatMap(\.calls.towardsAnswerer)
        let destinations = plan.flows.map { flow in
            (flow.sender == .offerer ? towardsOfferer : towardsAnswerer)[flow.call].rtp
        }
        var generator = try MediaGenerator(
            plan: plan, endpoints: endpoints, destinations: destinations, settings: media)
        let warmUp = try generator.send(media.warmUpPackets, rate: media.rate, phase: .warmUp)
        if Interrupt.isRequested { throw .interrupted }

        let interval = UInt64(1e9 * Double(plan.flows.count) / Double(media.rate))
        generator.trackGaps(interval: interval)
        beforeWindow()
        let account = try generator.send(media.measuredPackets, rate: media.rate, phase: .measurement)
        if Interrupt.isRequested { throw .interrupted }

        var result = Result()
        result.deadBefore = plan.flows.indices.count { warmUp.ledger.received(flow: $0) == 0 }
        if let gaps = account.gaps {
            result.media = FailoverTotals(
                plan: plan, calls: media.calls, interval: interval, arrivals: account.ledger, gaps: gaps,
                end: account.ended, silence: max(Self.silence, 3 * interval)
            ) { plan.share(of: $0, total: account.turns) - account.unsent[$0, default: 0] }
        }
        result.generatorDrops = endpoints.drops
        result.unsent = account.unsent.values.reduce(0, +)
        result.latenessMilliseconds = Double(account.lateness.quantile(0.999)) / 1e6
        return result
    }

    /// What a proxy would do next: end the calls, and set up others.
    private func finish(_ groups: [Group], _ result: inout Result) throws(BenchError) {
        for group in groups {
            let before = SystemClock.monotonic
            do {
                let audio = AudioDescription(rtp: TransportAddress(media.address, port: 9), rtcpPort: 10)
                let fresh = try RelayedCalls.establish(
                    1, over: NGClient(relay: group.client.relay), width: 1, offerers: [audio], answerers: [audio])
                if try fresh.delete() > 0 { result.newCallsFailed += 1 }
            } catch .interrupted {
                throw .interrupted
            } catch {
                result.newCallsFailed += 1
            }
            let elapsed = Double(SystemClock.monotonic - before) / 1e6
            result.slowestCommandMilliseconds = max(result.slowestCommandMilliseconds, elapsed)
            do { result.deletesFailed += try group.calls.delete() } catch {
                result.deletesFailed += group.calls.count
            }
        }
    }
}
