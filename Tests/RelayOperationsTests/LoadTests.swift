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

    @Test("every option has its parameter, so that nothing changes unseen")
    func parameters() throws {
        var arguments: [String] = ["--config-file=none"]
        arguments += ["--tos=8", "--control-tos=9", "--max-cpu=5", "--max-load=6", "--max-bandwidth=7"]
        arguments += ["--listen-cli=1", "--listen-http=2", "--graphite=127.0.0.1:3", "--graphite-prefix=p"]
        arguments += ["--endpoint-learning=off", "--log-facility-cdr=local1", "--delete-delay=4", "--pidfile=/p"]
        guard case .run(let changed, _) = try Configuration.parse(arguments: arguments, readFile: { _ in .missing })
        else { return }
        guard
            case .run(let plain, _) = try Configuration.parse(
                arguments: ["--config-file=none"], readFile: { _ in .missing })
        else { return }
        let live = LiveConfiguration(plain) { _ in }
        let reload = live.reload(changed)
        #expect(reload.applied.count + reload.needRestart.count == arguments.count - 1)
    }
}
