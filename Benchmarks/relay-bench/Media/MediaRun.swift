import Glibc
import RelayBenchKit
import WireFormat

/// Sets calls up, relays media through them, measures, and deletes them again.
struct MediaRun {
    var settings: MediaSettings
    /// `nil` lets the two sides send to each other directly: what generator and kernel cost and add by themselves.
    let client: NGClient?

    /// Commands in flight while calls are set up and deleted.
    static let commandWidth = 32

    func run() throws(BenchError) -> MediaResult {
        let endpoints = try MediaEndpoints(at: settings.address, perSide: settings.endpoints, sink: settings.sink)
        guard let address = settings.forwarder else { return try run(over: endpoints, through: nil) }
        let forwarder = try BareForwarder(
            at: address, between: endpoints.sockets[0].local, and: endpoints.sockets[1].local)
        var run = self
        run.settings.process = forwarder.identifier
        return try run.run(over: endpoints, through: forwarder)
    }

    private func run(
        over endpoints: MediaEndpoints, through forwarder: BareForwarder?
    ) throws(BenchError) -> MediaResult {
        let memoryBefore = relaySample()?.residentMemory ?? 0
        let slabBefore = MachineSample().slab
        let calls = try establish(over: endpoints)
        do {
            var result = try measure(endpoints, calls, through: forwarder?.local)
            result.relay?.memoryBefore = memoryBefore
            result.machine.slabGrowth -= Int64(slabBefore)
            result.cleanUpFailure = delete(calls)
            return result
        } catch {
            _ = delete(calls)
            throw error
        }
    }

    private func establish(over endpoints: MediaEndpoints) throws(BenchError) -> RelayedCalls? {
        guard let client else { return nil }
        return try RelayedCalls.establish(
            settings.calls, over: client, width: Self.commandWidth, offerers: endpoints.descriptions(.offerer),
            answerers: endpoints.descriptions(.answerer))
    }

    /// Returns why calls stayed behind, if they did: the figures are worth showing all the same.
    private func delete(_ calls: RelayedCalls?) -> String? {
        do {
            guard let failures = try calls?.delete(), failures > 0 else { return nil }
            return "\(Figures.count(failures, "call")) could not be deleted"
        } catch {
            return "the calls could not be deleted: \(error)"
        }
    }

    private func measure(
        _ endpoints: MediaEndpoints, _ calls: RelayedCalls?, through forwarder: TransportAddress?
    ) throws(BenchError) -> MediaResult {
        let plan = FlowPlan(calls: settings.calls, endpoints: settings.endpoints, run: settings.batch)
        let destinations = plan.flows.map { flow in
            if let forwarder { return forwarder }
            guard let calls else {
                let peer: Flow.Sender = flow.sender == .offerer ? .answerer : .offerer
                return endpoints.sockets[endpoints.index(peer, endpoint: flow.endpoint)].local
            }
            return (flow.sender == .offerer ? calls.towardsOfferer : calls.towardsAnswerer)[flow.call].rtp
        }
        let ports = Set(calls == nil ? [] : destinations.map(\.port))
        var generator = try MediaGenerator(
            plan: plan, endpoints: endpoints, destinations: destinations, settings: settings)
        let memoryWithCalls = relaySample()?.residentMemory ?? 0
        let slabWithCalls = MachineSample().slab

        let warmUp = try generator.send(settings.warmUpPackets, rate: settings.rate, phase: .warmUp)
        if Interrupt.isRequested { throw .interrupted }

        // The sockets are looked at outside of the CPU samples, because that takes a while with thousands of them.
        let socketsBefore = RelaySockets(process: settings.process, ports: ports)
        let (dropsBefore, strangersBefore) = (endpoints.drops, generator.strangers)
        let statistics = settings.measuresPrograms ? try ProgramStatistics() : nil
        let programsBefore = settings.process.map { ProgramTime(of: $0) }
        let before = Sample(process: settings.process)
        let account = try generator.send(settings.measuredPackets, rate: settings.rate, phase: .measurement)
        let after = Sample(process: settings.process)
        let programs = settings.process.map { ProgramTime(of: $0) }
        let socketsAfter = RelaySockets(process: settings.process, ports: ports)

        var result = self.result(account, of: plan, before, after)
        if let statistics, let programs, let programsBefore, let perRun = programs.perRun(since: programsBefore) {
            result.programs = (perRun, try statistics.emptyRun())
        }
        result.generator.drops = endpoints.drops - dropsBefore
        result.generator.strangers = generator.strangers - strangersBefore
        result.relayDrops = socketsAfter.drops(since: socketsBefore)
        result.relayUnread = socketsAfter.unread
        result.worstFlow = result.totals.worst.map { describe($0, of: plan, destinations) }
        result.deadFlows = plan.flows.indices.count { warmUp.ledger.received(flow: $0) == 0 }
        result.relay?.memoryWithCalls = memoryWithCalls
        result.machine.slabGrowth = Int64(slabWithCalls)
        return result
    }

    /// The part of the result that the window itself tells.
    private func result(
        _ account: MediaGenerator.Account, of plan: FlowPlan, _ before: Sample, _ after: Sample
    ) -> MediaResult {
        let totals = account.ledger.totals { plan.share(of: $0, total: account.turns) - account.unsent[$0, default: 0] }
        let seconds = max(1e-9, Double(account.elapsed) / 1e9)
        return MediaResult(
            calls: settings.calls, offeredRate: settings.rate, reachedRate: Double(account.turns) / seconds,
            seconds: seconds, totals: totals, latency: account.latency,
            generator: .init(
                unsent: account.unsent.values.reduce(0, +), stalls: account.stalls, misrouted: account.misrouted,
                lateness: account.lateness, cpuTime: after.own - min(after.own, before.own)),
            relay: after.relayAccount(since: before),
            machine: .init(
                busy: after.machine.busy(since: before.machine),
                stolen: after.machine.stolen - min(after.machine.stolen, before.machine.stolen),
                backlogDrops: after.machine.backlogDrops - before.machine.backlogDrops))
    }

    private func describe(
        _ worst: FlowTotals.Worst, of plan: FlowPlan, _ destinations: [TransportAddress]
    ) -> String {
        let flow = plan.flows[worst.flow]
        return "\(Figures.grouped(worst.lost)) of \(Figures.grouped(worst.sent)) packets of call \(flow.call), "
            + "\(flow.sender) to \(destinations[worst.flow])"
    }

    private func relaySample() -> ProcessSample? {
        settings.process.flatMap { ProcessSample(of: $0, withDescendants: true) }
    }

    /// Everything that is read before and after the window.
    private struct Sample {
        let relay: ProcessSample?
        let own: UInt64
        let machine = MachineSample()

        init(process: Int32?) {
            relay = process.flatMap { ProcessSample(of: $0, withDescendants: true) }
            own = ProcessSample(of: getpid(), withDescendants: false)?.cpuTime ?? 0
        }

        func relayAccount(since before: Sample) -> MediaResult.ProcessAccount? {
            guard let relay, let earlier = before.relay else { return nil }
            let threads = relay.threads.map { key, time in
                (name: key.name, cpuTime: time - min(time, earlier.threads[key] ?? 0))
            }
            let system = relay.systemTicks - min(relay.systemTicks, earlier.systemTicks)
            let user = relay.userTicks - min(relay.userTicks, earlier.userTicks)
            return MediaResult.ProcessAccount(
                cpuTime: threads.reduce(0) { $0 + $1.cpuTime },
                threads: threads.filter { $0.cpuTime > 0 }.sorted { $0.cpuTime > $1.cpuTime },
                systemShare: Double(system) / Double(max(1, system + user)), memoryBefore: 0, memoryWithCalls: 0,
                memoryAfter: relay.residentMemory)
        }
    }
}
