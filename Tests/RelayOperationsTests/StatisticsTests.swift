import NGProtocol
import RelayControl
import RelayCore
import RelayOperations
import Testing
import WireFormat

@Suite("Statistics: NG, JSON, Prometheus and graphite from one source")
struct StatisticsTests {
    private let relay: Relay
    private let control = ControlStatistics()
    private let figures: RelayFigures
    private let operations = Operations()

    init() throws {
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))])
        configuration.ports = 22_000...22_099
        relay = try Relay(configuration, runsHousekeeping: false)
        figures = RelayFigures(relay: relay, control: control, clock: { 7 })
        operations.add(figures)
    }

    @Test("jambonz and exporters find their keys, typed as in rtpengine")
    func ng() throws {
        let gateway = ControlGateway(figures: figures, console: operations.console)
        let statistics = gateway.statistics()
        #expect(
            statistics.entries.map { "\($0.key)" } == [
                "currentstatistics", "totalstatistics", "mos", "voip_metrics", "controlstatistics", "interfaces",
                "transcoders",
            ])
        let current = try #require(statistics["currentstatistics"]?.dictionary)
        #expect(current["sessionstotal"] == 0)
        let totals = try #require(statistics["totalstatistics"]?.dictionary)
        #expect(totals["uptime"] == "0")
        #expect(totals["avgcallduration"] == "0.000000")
        let ports = try #require(statistics["interfaces"]?.list?.first?.dictionary?["ports"]?.dictionary)
        #expect(ports["min"] == 22_000 && ports["max"] == 22_099)
        #expect(ports["used_pct"] == "0.00" && ports["totals"] == 100)
        relay.stop()
    }

    @Test("an address that is configured twice is one series")
    func sameAddressTwice() throws {
        relay.stop()
        let interface = MediaInterface(name: "pub", local: IPAddress(ipv4: 0x7F00_0001))
        let other = MediaInterface(name: "priv", local: IPAddress(ipv4: 0x7F00_0001))
        let relay = try Relay(
            Relay.Configuration(interfaces: [interface, interface, other]), runsHousekeeping: false)
        defer { relay.stop() }
        let operations = Operations()
        operations.add(RelayFigures(relay: relay, control: control))
        for family in operations.metrics.families {
            let labels = family.samples.map { $0.labels.map { "\($0.name)=\($0.value)" } }
            #expect(Set(labels).count == labels.count, "\(family.name)")
        }
        #expect(PrometheusText.render(operations.metrics).contains("rtpengine_ports{name=\"priv\""))
    }

    @Test("commands are counted for each proxy, and forged addresses do not fill the memory")
    func proxies() throws {
        let proxy = try #require(IPAddress("192.0.2.1"))
        control.count(.offer, from: proxy, nanoseconds: 1_500_000, isError: false)
        control.count(.offer, from: proxy, nanoseconds: 500_000, isError: true)
        // The relay asks itself, several times a second: that is no client.
        control.count(.ping, from: .unspecified(.ipv4), nanoseconds: 1, isError: false)
        #expect(control.proxies.map(\.address) == [proxy])
        for number in 0..<1_000 { control.countError(from: IPAddress(ipv4: 0xC633_0000 + UInt32(number))) }
        #expect(control.proxies.count == ControlStatistics.mostProxies + 1)
        #expect(control.proxies.reduce(0) { $0 + $1.errors } == 1_001)
        let text = PrometheusText.render(operations.metrics)
        #expect(text.contains("rtpengine_requests_total{proxy=\"192.0.2.1\",request=\"offer\"} 2\n"))
        #expect(text.contains("rtpengine_request_seconds_total{proxy=\"192.0.2.1\",request=\"offer\"} 0.002000\n"))
        #expect(text.contains("rtpengine_errors_total{proxy=\"192.0.2.1\"} 1\n"))
        relay.stop()
    }

    @Test("graphite gets rtpengine's names, with what has happened in the interval")
    func graphite() throws {
        let reporter = GraphiteReporter(
            relay: relay, control: control, figures: figures, operations: operations, interval: 2, prefix: "rtp.")
        let proxy = try #require(IPAddress("192.0.2.1"))
        let sdp = Array(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n".utf8)
        for nanoseconds in [1_000_000, 2_000_000, 3_000_000] as [UInt64] {
            control.count(.offer, from: proxy, nanoseconds: nanoseconds, isError: false)
        }
        _ = try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp))
        #expect(reporter.tick(at: 1) == nil)
        relay.terminate(callID: "1")
        let lines = try #require(reporter.tick(at: 2)).split(separator: "\n")
        for line in [
            "rtp.offer_time_min 0.001000 2", "rtp.offer_time_max 0.003000 2", "rtp.offer_time_avg 0.002000 2",
            "rtp.offers_ps_min 0 2", "rtp.offers_ps_max 3 2", "rtp.offers_ps_avg 1 2", "rtp.offer_count 3 2",
            "rtp.block_DTMF_count 0 2", "rtp.managed_sess 0 2", "rtp.managed_sess_min 0 2", "rtp.managed_sess_max 1 2",
            "rtp.forced_term_sess 1 2", "rtp.nopacket_relayed_sess 1 2", "rtp.reject_sess 0 2",
            "rtp.relayed_packets 0 2", "rtp.current_sessions_ipv4 0 2",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        for name in ["rtp.ports_free_default_127.0.0.1 ", "rtp.ports_used_default_127.0.0.1 "] {
            #expect(lines.contains { $0.hasPrefix(name) })
        }
        #expect(lines.allSatisfy { $0.split(separator: " ").count == 3 })
        // The console shows what graphite was told, where rtpengine does.
        let interval = ControlGateway(figures: figures, console: operations.console).statistics().entries[2]
        #expect(interval.key == "intervalstatistics")
        for (key, value) in [
            ("maxmanagedsessions", 1), ("minofferdelay", "0.001000"), ("maxofferdelay", "0.003000"),
            ("avgofferdelay", "0.002000"), ("minofferrequestrate", 0), ("maxofferrequestrate", 3),
            ("avgofferrequestrate", 1), ("maxblock DTMFdelay", "0.000000"),
        ] as [(ByteString, NGValue)] {
            #expect(interval.value.dictionary?[key] == value, "\(key)")
        }
        for line in [
            " Min/Max/Avg offer processing delay              :0.001000/0.003000/0.002000 sec\n",
            " Min/Max/Avg subscribe request requests per second:0/0/0 per sec\n",
        ] {
            #expect(figures.totalsText.contains(line))
        }
        // The next interval begins at nothing, but for counts.
        _ = reporter.tick(at: 3)
        let next = try #require(reporter.tick(at: 4)).split(separator: "\n")
        #expect(next.contains("rtp.forced_term_sess 0 4") && next.contains("rtp.offer_count 3 4"))
        relay.stop()
    }

    @Test("the rate of a second is the difference divided by its length")
    func rates() {
        #expect(figures.measure(at: 1_000_000_000) == TrafficRates())
        #expect(figures.measure(at: 3_000_000_000) == TrafficRates())
        relay.stop()
    }
}
