import RelayBenchKit

/// The JSON form of a media run. Its names are an interface for scripts.
struct MediaDocument: Encodable {
    let calls: Int
    let offeredPacketsPerSecond: Int
    let reachedPacketsPerSecond: Double
    let seconds: Double
    let packets: FlowTotals
    let latencyMicroseconds: Quantiles
    let generator: Generator
    let relay: Relay?
    let relaySocketDrops: Int?
    let relaySocketsUnread: Int
    let machineCPUMicrosecondsPerPacket: Double?
    let programMicrosecondsPerRun: Double?
    let deadFlows: Int
    let kernelBacklogDrops: UInt64
    let notes: [String]

    struct Generator: Encodable {
        let unsent, stalls, socketDrops, misrouted, strangers: Int
        let cpuSeconds: Double
        let latenessMicroseconds: Quantiles
    }

    struct Relay: Encodable {
        let cpuMicrosecondsPerPacket: Double?
        let cpuSeconds: Double
        let systemShare: Double
        let residentBytesBefore, residentBytesWithCalls, residentBytesAfter: UInt64
        let kernelSlabGrowthBytes: Int64
    }

    init(_ result: MediaResult) {
        (calls, offeredPacketsPerSecond, seconds) = (result.calls, result.offeredRate, result.seconds)
        (reachedPacketsPerSecond, packets) = (result.reachedRate, result.totals)
        latencyMicroseconds = Quantiles(result.latency)
        generator = Generator(
            unsent: result.generator.unsent, stalls: result.generator.stalls, socketDrops: result.generator.drops,
            misrouted: result.generator.misrouted, strangers: result.generator.strangers,
            cpuSeconds: Double(result.generator.cpuTime) / 1e9,
            latenessMicroseconds: Quantiles(result.generator.lateness))
        relay = result.relay.map {
            Relay(
                cpuMicrosecondsPerPacket: result.cpuPerPacket, cpuSeconds: Double($0.cpuTime) / 1e9,
                systemShare: $0.systemShare, residentBytesBefore: $0.memoryBefore,
                residentBytesWithCalls: $0.memoryWithCalls, residentBytesAfter: $0.memoryAfter,
                kernelSlabGrowthBytes: result.machine.slabGrowth)
        }
        (relaySocketDrops, relaySocketsUnread) = (result.relayDrops, result.relayUnread)
        machineCPUMicrosecondsPerPacket = result.machinePerPacket
        programMicrosecondsPerRun = result.programs.map { ($0.perRun - $0.empty) / 1000 }
        (deadFlows, kernelBacklogDrops) = (result.deadFlows, result.machine.backlogDrops)
        notes = result.caveats
    }
}

/// A distribution in a few numbers, in microseconds.
struct Quantiles: Encodable {
    let median, p99, p999, maximum: Double
    let count: UInt64

    init(_ histogram: LatencyHistogram) {
        (median, p99) = (Double(histogram.quantile(0.5)) / 1000, Double(histogram.quantile(0.99)) / 1000)
        (p999, maximum) = (Double(histogram.quantile(0.999)) / 1000, Double(histogram.maximum) / 1000)
        count = histogram.count
    }
}
