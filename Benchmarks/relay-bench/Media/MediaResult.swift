import RelayBenchKit

/// What a media run found; rounds of the same run can be merged.
struct MediaResult {
    var calls: Int
    /// Packets per second that were asked for, and that really left.
    var offeredRate: Int
    var reachedRate: Double
    var seconds: Double
    var totals: FlowTotals
    var latency: LatencyHistogram
    var generator: GeneratorAccount
    /// Datagrams that the kernel dropped at the relay's sockets; nil if they are not to be seen.
    var relayDrops: Int?
    /// Sockets of the relay that still held unread datagrams when nothing had arrived for half a second.
    var relayUnread = 0
    /// The flow that lost most, in words.
    var worstFlow: String?
    /// Flows without a single packet through in the warm-up.
    var deadFlows = 0
    var relay: ProcessAccount?
    var machine: MachineAccount
    /// Why calls stayed behind at the relay, if they did.
    var cleanUpFailure: String?

    /// What is the generator's own doing, so that nobody blames the relay for it.
    struct GeneratorAccount {
        /// Packets that the kernel refused to send.
        var unsent: Int
        /// Times that it had to wait for room in a socket.
        var stalls: Int
        /// Datagrams dropped at the generator's sockets.
        var drops = 0
        /// Packets that arrived at the wrong socket.
        var misrouted: Int
        /// Datagrams that are not the generator's, or not as it sent them.
        var strangers = 0
        /// How much later than planned packets left.
        var lateness: LatencyHistogram
        /// CPU time in nanoseconds.
        var cpuTime: UInt64
    }

    struct ProcessAccount {
        /// CPU time of the measuring window in nanoseconds: all threads, and by thread.
        var cpuTime: UInt64
        var threads: [(name: String, cpuTime: UInt64)]
        /// The share of it that was spent in the kernel, 0...1.
        var systemShare: Double
        /// Bytes resident before the calls, with them, and after the window.
        var memoryBefore: UInt64
        var memoryWithCalls: UInt64
        var memoryAfter: UInt64
    }

    struct MachineAccount {
        /// Nanoseconds that all processors have worked in the window, by everybody.
        var busy: UInt64
        var stolen: UInt64
        /// How many bytes the kernel's slab caches grew while the calls were set up.
        var slabGrowth: Int64 = 0
        /// Packets that the kernel dropped before any socket, its queues being full.
        var backlogDrops: UInt64
    }

    /// Nanoseconds for each run of the relay's forwarding programs, and what measuring adds to that.
    var programs: (perRun: Double, empty: Double)?

    /// Microseconds of the relay's CPU for each packet that came through.
    var cpuPerPacket: Double? {
        guard let relay, totals.received > 0 else { return nil }
        return Double(relay.cpuTime) / Double(totals.received) / 1000
    }

    /// Microseconds of the whole machine for each packet that came through, the generator's included.
    var machinePerPacket: Double? {
        totals.received > 0 ? Double(machine.busy) / Double(totals.received) / 1000 : nil
    }

    /// The share of the window that processors spent for others than relay and generator, in processors.
    var foreignLoad: Double? {
        guard let relay, seconds > 0 else { return nil }
        let others = Double(machine.busy) - Double(relay.cpuTime) - Double(generator.cpuTime)
        return max(0, others) / (seconds * 1e9)
    }

    /// Adds another round.
    mutating func merge(_ other: MediaResult) {
        reachedRate = (reachedRate * seconds + other.reachedRate * other.seconds) / (seconds + other.seconds)
        seconds += other.seconds
        totals.merge(other.totals)
        latency.merge(other.latency)
        generator.unsent += other.generator.unsent
        generator.stalls += other.generator.stalls
        generator.drops += other.generator.drops
        generator.misrouted += other.generator.misrouted
        generator.strangers += other.generator.strangers
        generator.lateness.merge(other.generator.lateness)
        generator.cpuTime += other.generator.cpuTime
        if let drops = other.relayDrops { relayDrops = (relayDrops ?? 0) + drops }
        relayUnread += other.relayUnread
        deadFlows = max(deadFlows, other.deadFlows)
        machine.busy += other.machine.busy
        machine.stolen += other.machine.stolen
        machine.backlogDrops += other.machine.backlogDrops
        cleanUpFailure = cleanUpFailure ?? other.cleanUpFailure
        machine.slabGrowth = max(machine.slabGrowth, other.machine.slabGrowth)
        if var ours = relay, let theirs = other.relay {
            ours.cpuTime += theirs.cpuTime
            ours.memoryWithCalls = max(ours.memoryWithCalls, theirs.memoryWithCalls)
            ours.memoryAfter = max(ours.memoryAfter, theirs.memoryAfter)
            relay = ours
        }
    }
}
