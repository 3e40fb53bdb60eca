extension Planner {
    /// Ports of a call, two on each side, and one more for a re-offer that changes a port before it closes the other.
    private static let descriptorsPerCall = 5
    /// Listeners, Redis, logs, and what else a relay has open.
    private static let otherDescriptors = 200

    /// What the relay's own options should be; its files are not ours to write.
    var relaySteps: [TuningStep] { [placement, descriptors].compactMap(\.self) }

    private var placement: TuningStep? {
        guard carriers.contains(where: { !$0.interrupts.isEmpty }), bestThreads > 1 else { return nil }
        let reason =
            "Each media thread stays on a core, and a port tells which thread it is meant for, so that the card can bring "
            + "all of a call to that core. Without it the scheduler moves threads, which is better on a host that is "
            + "not tuned."
        let now = demand.isPinned ? Self.count(threads, "thread") + ", each on its core" : "threads move"
        guard !demand.isPinned || lanes == nil || threads > host.cores.count else {
            return .fine("relay", "media threads", now, reason)
        }
        return TuningStep(
            subject: "relay", topic: "media threads", now: now,
            wanted: "\(bestThreads) threads, each on its core",
            reason: reason
                + " Their number has to be a power of two, or no mask fits; and not more than queues or cores.",
            advice: [
                "socket-cpu-affinity = \(bestThreads)   (in \(demand.configurationFile), then restart the relay, then again:"
                    + " relayctl tune)"
            ]
                + (demand.mediaThreads == nil || !demand.isPinned && demand.mediaThreads == bestThreads
                    ? [] : ["num-threads = \(bestThreads)"]))
    }

    private var descriptors: TuningStep? {
        guard demand.hasSocketsForPorts, let calls = demand.maximumSessions else { return nil }
        let wanted = calls * Self.descriptorsPerCall + Self.otherDescriptors
        let reason = "Every port has a socket: \(calls) calls (max-sessions) take 4 each, and a re-offer may take more."
        if let limit = host.descriptorLimit, limit >= wanted {
            return .fine("relay", "descriptors", "\(limit)", reason)
        }
        return TuningStep(
            subject: "relay", topic: "descriptors", now: host.descriptorLimit.map { "\($0)" } ?? "not known",
            wanted: "\(wanted)", reason: reason, advice: ["LimitNOFILE=\(wanted)   (in the relay's systemd unit)"])
    }
}
