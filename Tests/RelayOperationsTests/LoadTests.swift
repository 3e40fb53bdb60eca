import DaemonOptions
import Logging
import RelayCore
import RelayOperations
import Testing
import WireFormat

@Suite("Load: when new calls are refused")
struct LoadTests {
    private static func relay() throws -> Relay {
        try Relay(
            Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))]),
            runsHousekeeping: false)
    }

    private static let sdp = Array(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n".utf8)

    private static func rates(bytes: UInt64) -> TrafficRates {
        var rates = TrafficRates()
        (rates.user.bytes, rates.kernel.bytes) = (bytes / 2, bytes / 2)
        return rates
    }

    @Test(
        "each limit refuses new calls, and no others",
        arguments: [
            (SystemLoad(cpu: 80, average: 1), 0, LoadLimit.cpu), (SystemLoad(cpu: 1, average: 4), 0, .load),
            (SystemLoad(cpu: 1, average: 1), 2_000, .bandwidth), (SystemLoad(cpu: 1, average: 1), 0, nil),
            (SystemLoad(), 0, nil),
        ] as [(SystemLoad, UInt64, LoadLimit?)])
    func limits(_ load: SystemLoad, _ bytes: UInt64, _ expected: LoadLimit?) throws {
        let relay = try Self.relay()
        defer { relay.stop() }
        let monitor = LoadMonitor(relay: relay, log: Logger(label: "test"))
        var configuration = Configuration()
        (configuration.maxCPU, configuration.maxLoad, configuration.maxBandwidth) = (80, 4, 2_000)
        monitor.apply(configuration)
        _ = try relay.offer(Offer(callID: "old", fromTag: "a", sdp: Self.sdp))
        monitor.check(load, Self.rates(bytes: bytes))
        if let expected {
            #expect(throws: RelayError.overloaded(expected)) {
                try relay.offer(Offer(callID: "new", fromTag: "a", sdp: Self.sdp))
            }
            #expect(relay.rejectedCalls == 1)
        } else {
            _ = try relay.offer(Offer(callID: "new", fromTag: "a", sdp: Self.sdp))
        }
        // Calls that exist are always served.
        _ = try relay.offer(Offer(callID: "old", fromTag: "a", sdp: Self.sdp))
        monitor.check(SystemLoad(cpu: 0, average: 0), TrafficRates())
        _ = try relay.offer(Offer(callID: "newer", fromTag: "a", sdp: Self.sdp))
    }

    @Test("the share of the processors is that since the last look")
    func reader() {
        var reader = SystemLoadReader()
        let first = reader.read(stat: "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3\n", average: "1.50 1.00 0.50 1/2 3\n")
        #expect(first == SystemLoad(cpu: nil, average: 1.5))
        let second = reader.read(stat: "cpu  130 0 110 840 10 5 3 2 0 0\n", average: "0.25 x")
        #expect(second == SystemLoad(cpu: 50, average: 0.25))
        #expect(reader.read(stat: "nonsense", average: "") == SystemLoad())
        // A clock that does not move says nothing.
        #expect(reader.read(stat: "cpu  130 0 110 840 10 5 3 2 0 0\n", average: "0.25").cpu == nil)
    }
}

@Suite("Options that change while the relay runs")
struct LiveConfigurationTests {
    @Test("what may change counts at once, the rest takes a restart, and revert goes back")
    func reload() throws {
        let live = LiveConfiguration(Configuration()) { _ in }
        var new = Configuration()
        (new.timeout, new.portMax, new.maxSessions) = (30, 50_000, 7)
        let reload = live.reload(new)
        #expect(reload.applied == ["max-sessions: -1 => 7", "timeout: 60 => 30"])
        #expect(reload.needRestart == ["port-max: 39999 => 50000"])
        #expect(live.current.timeout == 30)
        #expect(live.current.portMax == 39_999)
        #expect(live.differences == ["max-sessions: -1 => 7", "timeout: 60 => 30"])
        live.revert()
        #expect(live.differences == [])
    }

    private static func configuration(_ arguments: [String]) throws -> Configuration {
        let parsed = try Configuration.parse(arguments: ["--config-file=none"] + arguments, readFile: { _ in .missing })
        guard case .run(let configuration, _) = parsed else { throw OptionError("nothing to run") }
        return configuration
    }

    /// Options that are about this one start.
    private static let others: Set = ["help", "version", "config-file", "config-section", "flush-kernel"]
    /// A value for every option that is not the usual one.
    private static let values = [
        "interface": "192.0.2.1", "backup-interface": "192.0.2.2", "listen-ng": "1", "listen-tcp-ng": "2",
        "listen-cli": "3", "listen-http": "4", "http-idle-timeout": "5", "port-min": "10000", "port-max": "50000",
        "tos": "8", "control-tos": "9", "max-cpu": "5", "max-load": "6", "max-bandwidth": "7",
        "graphite": "127.0.0.1:3", "graphite-interval": "2", "graphite-prefix": "p", "graphite-timeout": "3",
        "timeout": "11",
        "silent-timeout": "12", "final-timeout": "13", "offer-timeout": "14", "delete-delay": "15",
        "max-sessions": "16", "endpoint-learning": "off", "mos": "LQ", "sip-source": "",
        "software-id": "s", "foreground": "", "pidfile": "/p", "num-threads": "3", "announce": "exabgp",
        "drain-timeout": "17", "no-guard": "", "table": "1", "no-fallback": "", "kernel-interface": "eth0",
        "kernel-attach": "tc", "port-sockets": "each", "socket-cpu-affinity": "2",
        "redis": "127.0.0.1:1", "redis-write": "127.0.0.1:2",
        "redis-subscribe": "127.0.0.1:3", "subscribe-keyspace": "4", "redis-expires": "61", "no-redis-required": "",
        "redis-allowed-errors": "5", "redis-disable-time": "6", "redis-cmd-timeout": "7",
        "redis-connect-timeout": "8", "node": "n", "cluster": "c", "log-level": "3", "log-stderr": "",
        "no-log-timestamps": "", "log-facility": "local1", "log-name": "l", "log-format": "parsable",
        "max-log-line-length": "9", "log-facility-cdr": "local2", "log-mark-prefix": "a", "log-mark-suffix": "b",
    ]

    @Test("every option has its parameter, so that no change is unseen")
    func parameters() throws {
        guard case .help(let help) = try Configuration.parse(arguments: ["-h"], readFile: { _ in .missing }) else {
            Issue.record("no help")
            return
        }
        let names = help.matches(of: #/ --([a-z-]+)/#).map { String($0.output.1) }.filter {
            !$0.hasPrefix("log-level-")
        }
        #expect(names.count > 50)
        let plain = try Self.configuration([])
        // Those name sections of a file; what is in them counts.
        for name in names where !Self.others.contains(name) && !["templates", "interfaces-config"].contains(name) {
            let value = try #require(Self.values[name], "an option without a value in this test: \(name)")
            let changed = try Self.configuration(["--\(name)" + (value.isEmpty ? "" : "=\(value)")])
            let reload = LiveConfiguration(plain) { _ in }.reload(changed)
            #expect(!(reload.applied + reload.needRestart).isEmpty, "\(name)")
        }
    }

    @Test("a password that changes is noticed, and is in no list")
    func passwords() throws {
        let before = try Self.configuration(["--redis=redis://me:first@127.0.0.1:6379/1"])
        var after = try Self.configuration(["--redis=redis://me:second@127.0.0.1:6379/1"])
        #expect(
            LiveConfiguration(before) { _ in }.reload(after).needRestart == [
                "redis: redis://***@127.0.0.1:6379/1 => redis://***@127.0.0.1:6379/1"
            ])
        after = before
        after.redisPassword = "third"
        #expect(LiveConfiguration(before) { _ in }.reload(after).needRestart.count == 1)
        let short = try Self.configuration(["--redis=se@cret@127.0.0.1:6379"])
        let shown = (before.parameters + after.parameters + short.parameters).map(\.value).joined(separator: " ")
        for secret in ["first", "third", "se@", "cret"] { #expect(!shown.contains(secret)) }
    }
}
