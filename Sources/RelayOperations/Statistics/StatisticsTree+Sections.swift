internal import RelayCore

/// What the tree is made of, taken at one moment.
package struct StatisticsSnapshot: Sendable {
    var own = 0
    var foreign = 0
    var planes = PlaneTotals()
    var rates = TrafficRates()
    /// Whole seconds since the start.
    var uptime: UInt64 = 0
    var rejected: UInt64 = 0
    var ended: [TerminationReason: UInt64] = [:]
    var totals = CallTotals()
    var quality = QualityTotals()

    init() {}
}

/// Traffic of the last second.
package struct TrafficRates: Equatable, Sendable {
    /// Datagrams, octets and drops a second.
    package struct Path: Equatable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var errors: UInt64 = 0

        package init() {}
    }

    package var user = Path()
    package var kernel = Path()

    package init() {}
}

extension StatisticsTree {
    init(_ snapshot: StatisticsSnapshot) {
        sections = [Self.current(snapshot), Self.total(snapshot)] + Self.quality(snapshot.quality)
    }

    private static func current(_ snapshot: StatisticsSnapshot) -> Section {
        var section = Section(key: "currentstatistics", title: "Statistics over currently running sessions")
        let own = Metric.gauge("sessions", "Owned sessions", ("type", "own"))
        let foreign = Metric.gauge("sessions", "Owned sessions", ("type", "foreign"))
        section.add("sessionsown", "Owned sessions", snapshot.own, own)
        section.add("sessionsforeign", "Foreign sessions", snapshot.foreign, foreign)
        section.add("sessionstotal", "Total sessions", snapshot.own + snapshot.foreign)
        section.add("transcodedmedia", "Transcoded media", 0, .gauge("transcoded_media", "Transcoded media"))
        let (user, kernel) = (snapshot.rates.user, snapshot.rates.kernel)
        add(user, "user", "userspace", to: &section)
        add(kernel, "kernel", "kernel", to: &section)
        section.add("packetrate", "Packets per second (total)", user.packets &+ kernel.packets)
        section.add("byterate", "Bytes per second (total)", user.bytes &+ kernel.bytes)
        section.add("errorrate", "Errors per second (total)", user.errors &+ kernel.errors)
        let streams = { (type: String) in
            Metric.gauge("mediastreams", "Userspace-only media streams", ("type", type))
        }
        section.add(
            "media_userspace", "Userspace-only media streams", snapshot.planes.user.streams, streams("userspace"))
        section.add("media_kernel", "Kernel-only media streams", snapshot.planes.kernel.streams, streams("kernel"))
        // A stream is in the kernel's hands or in ours.
        section.add("media_mixed", "Mixed kernel/userspace media streams", 0, streams("mixed"))
        return section
    }

    private static func add(_ rates: TrafficRates.Path, _ key: String, _ name: String, to section: inout Section) {
        section.add("packetrate_\(key)", "Packets per second (\(name))", rates.packets)
        section.add("byterate_\(key)", "Bytes per second (\(name))", rates.bytes)
        section.add("errorrate_\(key)", "Errors per second (\(name))", rates.errors)
    }

    private static func total(_ snapshot: StatisticsSnapshot) -> Section {
        var section = Section(
            key: "totalstatistics", title: "Total statistics (does not include current running sessions)")
        let totals = snapshot.totals
        section.add(
            "uptime", "Uptime of rtpengine", snapshot.uptime, unit: " seconds",
            .gauge("uptime_seconds", "Uptime of rtpengine"))
        section.add(
            "managedsessions", "Total managed sessions", totals.ended,
            .counter("sessions_total", "Total managed sessions"))
        addEndings(snapshot, to: &section)
        addTraffic(snapshot.planes, to: &section)
        section.add(
            "zerowaystreams", "Total number of streams with no relayed packets", totals.withoutPackets,
            .counter("zero_packet_streams_total", "Total number of streams with no relayed packets"))
        section.add(
            "onewaystreams", "Total number of 1-way streams", totals.oneWay,
            .counter("one_way_sessions_total", "Total number of 1-way streams"))
        var durations = QualityTotals.Samples()
        (durations.count, durations.sum, durations.squares) = (totals.ended, totals.seconds, totals.squaredSeconds)
        section.add(
            "avgcallduration", "Average call duration", durations.average, unit: " seconds",
            .gauge("call_duration_avg", "Average call duration"))
        section.add(
            "totalcallsduration", "Total calls duration", durations.sum, unit: " seconds",
            .counter("call_duration_total", "Total calls duration"))
        section.add(
            "totalcallsduration2", "Total calls duration squared", durations.squares, unit: " seconds squared",
            .counter("call_duration2_total", "Total calls duration squared"))
        section.add(
            "totalcallsduration_stddev", "Total calls duration standard deviation", durations.deviation,
            unit: " seconds")
        return section
    }

    private static func addEndings(_ snapshot: StatisticsSnapshot, to section: inout Section) {
        func metric(_ reason: String) -> Metric {
            .counter("closed_sessions_total", "Total rejected sessions", ("reason", reason))
        }
        section.add("rejectedsessions", "Total rejected sessions", snapshot.rejected, metric("rejected"))
        let timedOut: [(key: String, reason: TerminationReason, label: String)] = [
            ("timeoutsessions", .timeout, "timeout"), ("silenttimeoutsessions", .silentTimeout, "silent_timeout"),
            ("finaltimeoutsessions", .finalTimeout, "final_timeout"),
            ("offertimeoutsessions", .offerTimeout, "offer_timeout"),
        ]
        for (key, reason, label) in timedOut {
            section.add(
                key, "Total timed-out sessions via \(reason.rawValue)", snapshot.ended[reason] ?? 0, metric(label))
        }
        section.add(
            "regularterminatedsessions", "Total regular terminated sessions", snapshot.ended[.regular] ?? 0,
            metric("terminated"))
        section.add(
            "forcedterminatedsessions", "Total forced terminated sessions", snapshot.ended[.forced] ?? 0,
            metric("force_terminated"))
    }

    private static func addTraffic(_ planes: PlaneTotals, to section: inout Section) {
        for (path, key, name) in [(planes.user, "user", "userspace"), (planes.kernel, "kernel", "kernel")] {
            section.add(
                "relayedpackets_\(key)", "Total relayed packets (\(name))", path.packets,
                .counter("packets_total", "Total relayed packets (userspace)", ("type", name)))
            section.add(
                "relayedpacketerrors_\(key)", "Total relayed packet errors (\(name))", path.errors,
                .counter("packet_errors_total", "Total relayed packet errors (userspace)", ("type", name)))
            section.add(
                "relayedbytes_\(key)", "Total relayed bytes (\(name))", path.bytes,
                .counter("bytes_total", "Total relayed bytes (userspace)", ("type", name)))
        }
        section.add("relayedpackets", "Total relayed packets", planes.user.packets &+ planes.kernel.packets)
        section.add("relayedpacketerrors", "Total relayed packet errors", planes.user.errors &+ planes.kernel.errors)
        section.add("relayedbytes", "Total relayed bytes", planes.user.bytes &+ planes.kernel.bytes)
    }
}

extension QualityTotals.Samples {
    var average: Double { count == 0 ? 0 : sum / Double(count) }
    var deviation: Double {
        guard count > 0 else { return 0 }
        return max(0, squares / Double(count) - average * average).squareRoot()
    }
}
