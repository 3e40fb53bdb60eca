internal import RelayCore

extension StatisticsTree {
    /// How well calls were heard: MOS, and all the rest.
    static func quality(_ totals: QualityTotals) -> [Section] {
        var scores = Section(key: "mos", title: "MOS statistics")
        add(totals.mos, "mos", "MOS", to: &scores)
        var metrics = Section(key: "voip_metrics", title: "VoIP metrics")
        addSamples(totals, to: &metrics)
        let counts: [(key: String, text: String, value: UInt64)] = [
            ("packets_lost", "Packets lost", totals.lost),
            ("rtp_duplicates", "Duplicate RTP packets", totals.duplicates),
            ("rtp_skips", "RTP sequence skips", totals.gaps),
            ("rtp_seq_resets", "RTP sequence resets", totals.restarts),
            ("rtp_reordered", "Out-of-order RTP packets", totals.reordered),
        ]
        for (key, text, value) in counts { metrics.add(key, text, value, .counter(key, text)) }
        return [scores, metrics]
    }

    private static func addSamples(_ totals: QualityTotals, to section: inout Section) {
        add(totals.jitter, "jitter", "jitter (reported)", to: &section)
        add(totals.roundTrip, "rtt_e2e", "end-to-end round-trip time", to: &section)
        add(totals.legRoundTrip, "rtt_dsct", "discrete round-trip time", to: &section)
        add(totals.packetLoss, "packetloss", "packet loss", to: &section)
        add(totals.measuredJitter, "jitter_measured", "jitter (measured)", to: &section)
    }

    /// All samples at one interface.
    private static func atInterface(_ totals: QualityTotals) -> Section {
        var section = Section(key: "voip_metrics", title: "")
        add(totals.mos, "mos", "MOS", to: &section)
        addSamples(totals, to: &section)
        return section
    }

    /// One interface's samples for `list jsonstats`.
    static func interfaceReport(_ totals: QualityTotals) -> ReportObject {
        var object = ReportObject()
        for entry in atInterface(totals).entries { object.append(entry.key, entry.value.report) }
        return object
    }

    /// One interface's samples for Prometheus.
    static func collect(
        _ totals: QualityTotals, _ labels: [MetricWriter.Label], into metrics: inout MetricWriter
    ) {
        for entry in atInterface(totals).entries {
            guard let metric = entry.metric else { continue }
            metrics.add("rtpengine_interface_" + metric.name, metric.kind, entry.value, metric.help, labels)
        }
    }

    private static func add(
        _ samples: QualityTotals.Samples, _ key: String, _ name: String, to section: inout Section
    ) {
        let (sum, squares) = ("Sum of all \(name) values sampled", "Sum of all \(name) square values sampled")
        section.add("\(key)_total", sum, samples.sum, .counter("\(key)_total", sum))
        section.add("\(key)2_total", squares, samples.squares, .counter("\(key)2_total", squares))
        let number = "Total number of \(name) samples"
        section.add("\(key)_samples_total", number, samples.count, .counter("\(key)_samples_total", number))
        section.add("\(key)_average", "Average \(name)", samples.average)
        section.add("\(key)_stddev", "\(name) standard deviation", samples.deviation)
    }
}
