internal import RelayCore
internal import WireFormat

/// One media address: its ports, its traffic, and how the sources there were heard.
struct InterfaceFigures {
    let interface: MediaInterface
    let ports: (total: Int, used: Int, free: Int)
    let traffic: InterfaceTraffic
    let quality: QualityTotals

    /// Each address of a name once, also when it is configured twice (`interface = 192.0.2.1;any`): the first has the traffic,
    /// and a second series with the same labels is what Prometheus does not take.
    static func all(_ relay: Relay) -> [InterfaceFigures] {
        var seen: Set<[String]> = []
        return zip(relay.portUsage, relay.interfaceTotals).compactMap { usage, totals in
            guard seen.insert([usage.interface.name, "\(usage.interface.local)"]).inserted else { return nil }
            return InterfaceFigures(
                interface: usage.interface, ports: (usage.total, usage.used, usage.free), traffic: totals.traffic,
                quality: totals.quality)
        }
    }

    /// As `list jsonstats` shows it.
    func report(in range: ClosedRange<UInt16>) -> ReportObject {
        let percent = ports.total == 0 ? 0 : 100 * Double(ports.used) / Double(ports.total)
        return [
            "name": .string(interface.name), "address": .string("\(interface.local)"),
            "ports": [
                "min": .count(range.lowerBound), "max": .count(range.upperBound), "used": .count(ports.used),
                "used_pct": .decimal(percent, digits: 2), "free": .count(ports.free), "totals": .count(ports.total),
            ],
            "packets_lost": .count(quality.lost), "duplicates": .count(quality.duplicates),
            "voip_metrics": .object(StatisticsTree.interfaceReport(quality)), "ingress": Self.report(traffic.ingress),
            "egress": Self.report(traffic.egress),
        ]
    }

    private static func report(_ flow: InterfaceTraffic.Flow) -> ReportValue {
        ["packets": .count(flow.packets), "bytes": .count(flow.bytes), "errors": .count(flow.errors)]
    }

    func collect(into metrics: inout MetricWriter) {
        let (name, address) = (interface.name, "\(interface.local)")
        let labels: KeyValuePairs = ["name": name, "address": address]
        metrics.gauge("rtpengine_ports_used", ports.used, labels: labels)
        metrics.gauge("rtpengine_ports_free", ports.free, labels: labels)
        metrics.gauge("rtpengine_ports", ports.total, labels: labels)
        metrics.counter("rtpengine_interface_packets_lost", quality.lost, labels: labels)
        metrics.counter("rtpengine_interface_duplicates", quality.duplicates, labels: labels)
        StatisticsTree.collect(quality, labels.map { .init($0.key, $0.value) }, into: &metrics)
        for (direction, flow) in [("ingress", traffic.ingress), ("egress", traffic.egress)] {
            let labels: KeyValuePairs = ["name": name, "address": address, "direction": direction]
            metrics.counter("rtpengine_interface_packets", flow.packets, labels: labels)
            metrics.counter("rtpengine_interface_bytes", flow.bytes, labels: labels)
            metrics.counter("rtpengine_interface_errors", flow.errors, labels: labels)
        }
    }
}
