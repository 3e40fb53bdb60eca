import FoundationEssentials
import RelayBenchKit

extension MediaResult {
    /// Every packet arrived once, at the right place and as it was sent.
    var isClean: Bool {
        totals.lost == 0 && totals.duplicated == 0 && generator.misrouted == 0 && generator.strangers == 0
            && generator.unsent == 0 && deadFlows == 0 && cleanUpFailure == nil
    }

    /// Remarks about what would make the figures worth less; empty if there is nothing to remark.
    var caveats: [String] {
        var caveats = cleanUpFailure.map { [$0] } ?? []
        if generator.unsent > 0 {
            caveats.append("the kernel refused to send \(Figures.count(generator.unsent, "packet"))")
        }
        if generator.drops > 0 {
            caveats.append(
                "\(Figures.count(generator.drops, "lost packet")) reached the generator, which did not read them in time"
            )
        }
        if machine.backlogDrops > 0 {
            caveats.append(
                "the kernel dropped \(Figures.count(Int(machine.backlogDrops), "packet")) before any socket, "
                    + "because this machine could not keep up")
        }
        if reachedRate < 0.99 * Double(offeredRate) {
            caveats.append("the generator reached only \(Figures.decimal(reachedRate, places: 0)) packets/s")
        }
        if let foreignLoad, foreignLoad > 0.1 {
            caveats.append(
                "others used \(Figures.decimal(foreignLoad * 100, places: 0)) % of a processor during the measurement")
        }
        if Double(machine.stolen) > 0.01 * seconds * 1e9 {
            caveats.append("the hypervisor took \(Figures.duration(machine.stolen)) of CPU time away")
        }
        return caveats
    }
}

/// A media run for people, and for programs.
struct MediaReport {
    private let result: MediaResult

    init(_ result: MediaResult) { self.result = result }

    var lines: [String] {
        let totals = result.totals
        var lines = [
            "offered   \(Figures.count(result.calls, "call")), \(Figures.grouped(result.offeredRate)) packets/s for "
                + "\(Figures.decimal(result.seconds, places: 1)) s",
            "sent      \(Figures.grouped(totals.sent))",
            "received  \(Figures.grouped(totals.received))",
            "lost      \(Figures.grouped(totals.lost)) (\(Figures.percent(totals.lost, of: totals.sent)))",
            "          duplicated \(Figures.grouped(totals.duplicated)), "
                + "reordered \(Figures.grouped(totals.reordered)), "
                + "at the wrong place \(Figures.grouped(result.generator.misrouted)), "
                + "changed or strange \(Figures.grouped(result.generator.strangers))",
        ]
        if let worst = result.worstFlow { lines.append("          worst flow lost \(worst)") }
        if totals.silentFlows > 0 || result.deadFlows > 0 {
            lines.append(
                "          \(Figures.count(totals.silentFlows, "flow")) without a single packet "
                    + "(in the warm-up \(Figures.grouped(result.deadFlows)))")
        }
        if let drops = result.relayDrops {
            lines.append(
                "          dropped at the relay's sockets \(Figures.grouped(drops)), "
                    + "sockets left unread \(Figures.grouped(result.relayUnread))")
        }
        lines.append("latency   " + Self.quantiles(result.latency))
        lines += relayLines
        lines.append(
            "machine   \(Figures.decimal(result.machinePerPacket ?? 0, places: 2)) µs CPU per packet, all together")
        if let (perRun, empty) = result.programs {
            lines.append(
                "programs  \(Figures.decimal((perRun - empty) / 1000, places: 3)) µs a run, less the "
                    + "\(Figures.decimal(empty / 1000, places: 3)) µs that the kernel says of an empty one")
        }
        lines.append(
            "generator " + Figures.duration(result.generator.cpuTime) + " CPU, sent late by "
                + Self.quantiles(result.generator.lateness)
                + ", stalled \(Figures.grouped(result.generator.stalls)) times")
        lines += result.caveats.map { "note      \($0)" }
        return lines
    }

    private var relayLines: [String] {
        guard let relay = result.relay, let perPacket = result.cpuPerPacket else { return [] }
        let threads = relay.threads.prefix(4).map { "\($0.name) \(Figures.duration($0.cpuTime))" }
        return [
            "relay     \(Figures.decimal(perPacket, places: 2)) µs CPU per packet "
                + "(\(Figures.decimal(relay.systemShare * 100, places: 0)) % of it in the kernel); "
                + threads.joined(separator: ", "),
            "memory    \(Figures.grouped(relay.memoryBefore / 1024)) KB before, "
                + "\(Figures.grouped(relay.memoryWithCalls / 1024)) KB with the calls, "
                + "\(Figures.grouped(relay.memoryAfter / 1024)) KB after the media; "
                + "kernel's slab grew by \(Figures.grouped(result.machine.slabGrowth / 1024)) KB",
        ]
    }

    private static func quantiles(_ histogram: LatencyHistogram) -> String {
        let named: [(String, Double)] = [("median", 0.5), ("99 %", 0.99), ("99.9 %", 0.999)]
        let parts = named.map { "\($0) \(Figures.duration(histogram.quantile($1)))" }
        return (parts + ["maximum \(Figures.duration(histogram.maximum))"]).joined(separator: ", ")
    }

    /// One JSON object; durations in microseconds, memory in bytes.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(MediaDocument(result)), as: UTF8.self)
    }
}
