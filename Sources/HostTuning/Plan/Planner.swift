internal import WireFormat
internal import RelayCore

/// Why there is no plan.
package struct TuningError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    @inline(never)  // cold
    package init(_ description: String) { self.description = description }
}

/// Compares a host with what a relay wants of it. Reads nothing and changes nothing.
package struct Planner: Sendable {
    let host: HostState
    let demand: RelayDemand
    /// Interfaces with queues that packets of calls come through.
    let carriers: [InterfaceState]
    /// The names of these, and of the interfaces that stand for them.
    let involved: Set<String>
    /// How many media threads the relay has.
    let threads: Int

    /// - Throws: when an interface that is asked for is not there.
    package init(_ host: HostState, for demand: RelayDemand) throws(TuningError) {
        (self.host, self.demand) = (host, demand)
        threads = max(1, demand.mediaThreads ?? host.cores.count)
        let involved = try Self.interfaces(of: demand, on: host)
        self.involved = involved
        carriers = host.interfaces.filter { $0.isCarrier && involved.contains($0.name) }
    }

    package var plan: TuningPlan {
        TuningPlan(
            heading: heading,
            steps: carriers.flatMap { steps(of: $0) } + addressSteps + kernelSteps
                + [ports, connections].compactMap(\.self)
                + relaySteps)
    }

    private var heading: [String] {
        let family =
            demand.addresses.isEmpty ? "" : " on " + demand.addresses.map(\.description).joined(separator: ", ")
        let places = carriers.map { interface in
            let queues = interface.receiveSteering.count
            let kind = interface.driver.isEmpty ? "virtual" : interface.driver
            return "\(interface.name) (\(kind), \(Self.count(queues, "queue")))"
        }
        return [
            "UDP ports \(demand.ports.lowerBound)-\(demand.ports.upperBound)\(family); "
                + "\(Self.count(threads, "media thread")), \(Self.count(host.cores.count, "core")) "
                + "(\(ProcessorSet(host.cores)))",
            places.isEmpty
                ? "no interface to look at: the relay's addresses are those of the loopback"
                : "packets come through " + places.joined(separator: ", "),
        ]
    }

    // MARK: Who does what where

    /// The core of a media thread, and of the queue with its packets.
    func core(of thread: Int) -> Int { host.cores[thread % max(1, host.cores.count)] }

    /// What tells one media thread's ports from another's; `nil` when nothing does.
    var lanes: PortLanes? {
        let lanes = PortLanes(count: threads)
        return demand.isPinned && lanes.mask != nil ? lanes : nil
    }

    /// The most media threads that a card's queues can be matched to.
    var bestThreads: Int {
        let queues = carriers.map { max($0.queues?.most ?? 0, $0.receiveSteering.count) }.min() ?? 1
        var best = 1
        while best * 2 <= min(queues, host.cores.count) { best *= 2 }
        return best
    }

    /// The names of the interfaces in question and of those that carry them.
    private static func interfaces(of demand: RelayDemand, on host: HostState) throws(TuningError) -> Set<String> {
        var open = demand.interfaces
        for name in open where !host.interfaces.contains(where: { $0.name == name }) {
            throw TuningError("there is no interface '\(name)'")
        }
        if open.isEmpty {
            let outside = demand.addresses.filter { !$0.isLoopback }
            let owners = outside.map { address in
                host.interfaces.first { $0.leadsOut && $0.addresses.contains(address) }
            }
            // An address that routing brings here may come in through any of them.
            open =
                owners.contains { $0 == nil }
                ? host.interfaces.filter(\.leadsOut).map(\.name) : owners.compactMap { $0?.name }
        }
        var names: Set<String> = []
        while let name = open.popLast() {
            guard names.insert(name).inserted else { continue }
            open += host.interfaces.first { $0.name == name }?.lower ?? []
        }
        return names
    }

    /// `1 queue`, `2 queues`.
    static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }

    /// The number in a file; `nil` when there is none.
    func number(in path: String) -> Int? { host.files[path].flatMap { Int($0) } }
}
