package import DaemonOptions
internal import Foundation
package import Logging
package import RelayCore
internal import Synchronization

/// How busy the machine is, as far as new calls depend on it.
package struct SystemLoad: Equatable, Sendable {
    /// Of the processors' time since the last look, in percent; `nil` at the first.
    package var cpu: Double?
    /// Over the last minute; `nil` where the kernel does not tell.
    package var average: Double?

    package init(cpu: Double? = nil, average: Double? = nil) { (self.cpu, self.average) = (cpu, average) }
}

/// Reads the kernel's figures.
package struct SystemLoadReader: Sendable {
    private var last: (busy: UInt64, total: UInt64)?

    package init() {}

    /// The load since the last call.
    package mutating func read() -> SystemLoad {
        read(
            stat: (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? "",
            average: (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "")
    }

    /// The same from the contents of `/proc/stat` and `/proc/loadavg`.
    package mutating func read(stat: String, average: String) -> SystemLoad {
        var load = SystemLoad(average: average.split(separator: " ").first.flatMap { Double($0) })
        // cpu  user nice system idle iowait irq softirq steal …, in ticks since the start of the machine.
        let line = stat.split(separator: "\n").first ?? ""
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
        guard ticks.count == 8, line.hasPrefix("cpu ") else { return load }
        let total = ticks.reduce(0, &+)
        let busy = total &- ticks[3] &- ticks[4]
        if let last, total > last.total {
            load.cpu = 100 * Double(busy &- min(busy, last.busy)) / Double(total - last.total)
        }
        last = (busy, total)
        return load
    }
}

/// Refuses new calls while the machine, or the bandwidth granted to us, is used up.
package final class LoadMonitor: Sendable {
    private struct Limits {
        var cpu = 0.0
        var average = 0.0
        var bandwidth: UInt64 = 0
    }

    private let relay: Relay
    private let log: Logger
    private let state = Mutex((limits: Limits(), refusal: LoadLimit?.none))

    package init(relay: Relay, log: Logger) { (self.relay, self.log) = (relay, log) }

    /// Takes the limits over.
    package func apply(_ configuration: Configuration) {
        state.withLock {
            $0.limits = Limits(
                cpu: configuration.maxCPU, average: configuration.maxLoad,
                bandwidth: UInt64(max(0, configuration.maxBandwidth)))
        }
    }

    /// Opens or closes the door, by what the last second was like.
    package func check(_ load: SystemLoad, _ rates: TrafficRates) {
        let bandwidth = rates.user.bytes &+ rates.kernel.bytes
        let change = state.withLock { state -> (LoadLimit?, LoadLimit?) in
            let old = state.refusal
            state.refusal = Self.refusal(load, bandwidth, state.limits)
            return (old, state.refusal)
        }
        guard change.0 != change.1 else { return }
        relay.refuseNewCalls(because: change.1)
        if let limit = change.1 {
            log.warning("no new calls from now on: \(limit.rawValue)")
        } else {
            log.notice("new calls are taken again")
        }
    }

    private static func refusal(_ load: SystemLoad, _ bandwidth: UInt64, _ limits: Limits) -> LoadLimit? {
        if limits.cpu > 0, let cpu = load.cpu, cpu >= limits.cpu { return .cpu }
        if limits.average > 0, let average = load.average, average >= limits.average { return .load }
        if limits.bandwidth > 0, bandwidth >= limits.bandwidth { return .bandwidth }
        return nil
    }
}
