internal import RelayOperations
internal import RelayStore

/// The numbers of replication.
struct ReplicationMetrics: MetricSource {
    let replicator: Replicator

    func collect(into metrics: inout MetricWriter) {
        let status = replicator.status
        metrics.gauge(
            "relay_replication_in_step", status.isInStep ? 1 : 0,
            help: "1 when this relay could go on with the calls of the others")
        metrics.gauge("relay_replication_writable", status.canWrite ? 1 : 0, help: "1 when changes can be written")
        metrics.gauge("relay_replication_readable", status.canRead ? 1 : 0, help: "1 when changes can be read")
        metrics.gauge("relay_replication_lag_changes", status.lag, help: "Changes in the store not taken over yet")
        metrics.gauge(
            "relay_replication_out_of_step_seconds", (status.outOfStepFor ?? .zero) / .seconds(1),
            help: "Time since this relay was last in step")
        metrics.gauge(
            "relay_replication_unprotected_calls", status.unprotectedCalls,
            help: "Calls whose last change the store does not have")
        metrics.gauge(
            "relay_replication_obstructed_calls", status.obstructedCalls,
            help: "Calls whose ports could not be opened here")
        metrics.counter("relay_replication_gaps_total", status.gaps, help: "Changes lost before they could be read")
        metrics.counter("relay_replication_resyncs_total", status.resyncs, help: "Times everything was read anew")
        metrics.counter("relay_replication_written_total", status.writtenChanges, help: "Changes written")
        metrics.counter(
            "relay_replication_refused_total", status.refusedChanges, help: "Changes the store had newer ones of")
        metrics.counter("relay_replication_applied_total", status.appliedChanges, help: "Changes of others taken over")
        metrics.counter(
            "relay_replication_skipped_records_total", status.skippedRecords, help: "Records that could not be read")
        metrics.counter(
            "relay_replication_lost_endings_total", status.lostEndings,
            help: "Endings forgotten before they were stored")
        metrics.counter(
            "relay_replication_stale_calls_total", status.staleCalls,
            help: "Calls of this relay that were over, and that the store has come back with")
        metrics.counter("relay_replication_errors_total", status.errors, help: "Failures of the store")
        for peer in status.peers {
            metrics.gauge(
                "relay_replication_peer_alive", peer.isAlive ? 1 : 0, help: "1 when a relay of the group is there",
                labels: ["node": peer.node])
        }
    }
}

/// `cluster`: this relay and the others that it shares calls with.
struct ClusterCommand: ConsoleCommand {
    let path = ["cluster"]
    let arguments = ""
    let help = "relays that share calls, and whether this one is in step"
    let replicator: Replicator

    func run(_ words: [String]) async -> ConsoleReply {
        guard words.isEmpty else { return .failure("cluster takes no parameters.\n") }
        let status = replicator.status
        return ConsoleReply(Self.text(status), data: .object(Self.object(status)))
    }

    private static func text(_ status: ReplicationStatus) -> String {
        var text = "Node:              \(status.node)\nStore:             \(status.store ?? "none")\n"
        text += "In step:           \(status.isInStep ? "yes" : "no")"
        if let time = status.outOfStepFor { text += ", for \(time.components.seconds) s" }
        text += "\nLag:               \(status.lag) changes (at \(status.position))\n"
        text += "Unprotected calls: \(status.unprotectedCalls)\n"
        text += "Obstructed calls:  \(status.obstructedCalls)\(status.obstacle.map { ", such as: \($0)" } ?? "")\n"
        text += "Gaps, resyncs:     \(status.gaps), \(status.resyncs)\n"
        text += "Written, refused:  \(status.writtenChanges), \(status.refusedChanges)\n"
        text += "Applied, skipped:  \(status.appliedChanges), \(status.skippedRecords)\n"
        text += "Errors:            \(status.errors)\(status.lastError.map { ", the last: \($0)" } ?? "")\n"
        for peer in status.peers {
            let state = peer.isAlive ? peer.isInStep ? "in step" : "not in step" : "gone"
            let addresses = peer.addresses.joined(separator: " ")
            text += "Peer \(peer.node): \(state), \(peer.calls) calls, \(peer.ownCalls) its own, on \(addresses)\n"
        }
        return text
    }

    private static func object(_ status: ReplicationStatus) -> ReportObject {
        var object: ReportObject = [
            "node": .string(status.node), "store": .string(status.store ?? ""), "in_step": .boolean(status.isInStep),
            "writable": .boolean(status.canWrite), "readable": .boolean(status.canRead),
        ]
        object.append("position", status.position)
        object.append("lag", status.lag)
        object.append("out_of_step_seconds", .decimal((status.outOfStepFor ?? .zero) / .seconds(1)))
        object.append("unprotected_calls", status.unprotectedCalls)
        object.append("obstructed_calls", status.obstructedCalls)
        object.append("obstacle", .string(status.obstacle ?? ""))
        object.append("gaps", status.gaps)
        object.append("resyncs", status.resyncs)
        object.append("written", status.writtenChanges)
        object.append("refused", status.refusedChanges)
        object.append("applied", status.appliedChanges)
        object.append("skipped_records", status.skippedRecords)
        object.append("lost_endings", status.lostEndings)
        object.append("stale_calls", status.staleCalls)
        object.append("errors", status.errors)
        object.append("last_error", .string(status.lastError ?? ""))
        object.append("peers", .list(status.peers.map { .object(Self.object($0)) }))
        return object
    }

    private static func object(_ peer: ReplicationStatus.Peer) -> ReportObject {
        var object: ReportObject = [
            "node": .string(peer.node), "alive": .boolean(peer.isAlive), "in_step": .boolean(peer.isInStep),
        ]
        object.append("calls", peer.calls)
        object.append("own_calls", peer.ownCalls)
        object.append("position", peer.position)
        object.append("addresses", .list(peer.addresses.map { .string($0) }))
        return object
    }
}
