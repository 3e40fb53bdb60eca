import RelaydOptions
import Testing
import WireFormat

@Suite("Configuration")
struct ConfigurationTests {
    @Test("without options: NG and media on this host alone, rtpengine's defaults")
    func defaults() throws {
        let configuration = try configure()
        #expect(configuration.control.ng.map(\.description) == ["127.0.0.1:2223"])
        #expect(configuration.media.interfaces.map(\.description) == ["default/127.0.0.1"])
        #expect(configuration.media.ports == 30_000...39_999)
        #expect(configuration.media.endpointLearning == .heuristic)
        #expect(configuration.media.kernelTable == -1)
        #expect(configuration.timers == TimerOptions())
        #expect(configuration.timers.media == .seconds(60))
        #expect(configuration.timers.silent == .seconds(3600))
        #expect(configuration.timers.offer == .seconds(3600))
        #expect(configuration.timers.final == .zero)
        #expect(configuration.timers.deleteDelay == .seconds(30))
        #expect(configuration.limits.sessions == nil)
        #expect(configuration.logging.longestLine == 500)
        #expect(configuration.logLevel(of: .control) == 6)
        #expect(configuration.logLevel(of: .internals) == -1)
        #expect(configuration.kept.isEmpty)
    }

    @Test("NG stays where it is only when nothing else listens")
    func defaultListener() throws {
        #expect(try configure(["--listen-tcp-ng=2223"]).control.ng.isEmpty)
        #expect(try configure(["--interface=192.0.2.1"]).control.ng.count == 1)
    }

    @Test("0 or less is rtpengine's way to ask for a default")
    func negatives() throws {
        let configuration = try configure([
            "--timeout=0", "--silent-timeout=-1", "--final-timeout=-5", "--max-sessions=-7", "--num-threads=-1",
            "--table=-5", "--max-log-line-length=-1", "--redis-allowed-errors=-1", "--log-level-codec=0",
        ])
        #expect(configuration.timers == TimerOptions())
        #expect(configuration.limits.sessions == nil)
        #expect(configuration.process.mediaThreads == 0)
        #expect(configuration.logging.longestLine == nil)
        #expect(configuration.logLevel(of: .codec) == 6)
        #expect(try configure(["--max-sessions=0"]).limits.sessions == 0)
    }

    @Test("a subsystem may have its own log level")
    func levels() throws {
        let configuration = try configure(["-L5", "--log-level-control=7", "--log-level-rtcp=-1"])
        #expect(configuration.logLevel(of: .core) == 5)
        #expect(configuration.logLevel(of: .control) == 7)
        #expect(configuration.logLevel(of: .rtcp) == -1)
    }

    @Test("lines on standard error are not broken unless that is asked for")
    func lineLength() throws {
        #expect(try configure(["-E"]).logging.longestLine == nil)
        #expect(try configure(["-E", "--max-log-line-length=200"]).logging.longestLine == 200)
    }

    @Test("listeners")
    func listeners() throws {
        let configuration = try configure([
            "-n2223", "-n", "[::1]:1", "-n::1:2", "--listen-ng=localhost:3", "-c9900", "--listen-http=127.0.0.1:80",
        ])
        let loopback = IPAddress("::1")!
        #expect(
            configuration.control.ng == [
                .everyAddress(port: 2223), .address(TransportAddress(loopback, port: 1)),
                .address(TransportAddress(loopback, port: 2)), .name("localhost", port: 3),
            ])
        #expect(configuration.control.cli == [.everyAddress(port: 9900)])
        #expect(configuration.control.http.map(\.port) == [80])
    }

    @Test("Redis addresses, with passwords from the option or the environment")
    func redis() throws {
        let configuration = try configure(
            [
                "--redis=a@b@127.0.0.1:6379/5", "-w", "redis.example:6380/6", "--redis-subscribe=[::1]:6381", "-k",
                "1 2", "-k3",
            ],
            environment: ["RTPENGINE_REDIS_AUTH_PW": "unused", "RTPENGINE_REDIS_WRITE_AUTH_PW": "secret"])
        let main = try #require(configuration.redis.main)
        #expect(main.server == .direct(ServerAddress(.address(IPAddress("127.0.0.1")!), port: 6379)))
        #expect(main.database == 5)
        #expect(main.password?.revealed == "a@b")
        #expect(configuration.redis.write?.password?.revealed == "secret")
        #expect(configuration.redis.write?.server == .direct(ServerAddress(.name("redis.example"), port: 6380)))
        #expect(configuration.redis.subscribe?.password == nil)
        #expect(configuration.redis.subscribe?.database == nil)
        #expect(configuration.redis.keyspaces == [1, 2, 3])
    }

    @Test("Redis behind Sentinels")
    func sentinels() throws {
        let configuration = try configure(["--redis=sentinel://pw@192.0.2.1:26379,192.0.2.2:26379/calls/2"])
        let address = try #require(configuration.redis.main)
        #expect(
            address.server
                == .sentinels(
                    [
                        ServerAddress(.address(IPAddress("192.0.2.1")!), port: 26_379),
                        ServerAddress(.address(IPAddress("192.0.2.2")!), port: 26_379),
                    ], master: "calls"))
        #expect(address.database == 2)
    }

    @Test("a password shows up nowhere")
    func secrets() throws {
        let configuration = try configure(["--redis=sesame@127.0.0.1:6379/5"])
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("sesame"))
        #expect(!"\(configuration)".contains("sesame"))
        for wrong in ["sesame@", "sesame@host", "sesame@host:1/x", "sentinel://sesame@h:1", "sesame@h:1/2/3"] {
            let line = refusal(["--redis=\(wrong)"])
            #expect(line != nil && line?.contains("sesame") == false)
        }
    }

    @Test("options that are not built yet are a warning when they ask for something")
    func notBuilt() throws {
        func warnings(_ arguments: String...) throws -> [String] { try notices(arguments).map(\.text) }
        #expect(
            try warnings("--homer=192.0.2.1:9060", "--homer-id=5") == [
                "option homer is understood, but not built yet: it has no effect"
            ])
        #expect(try warnings("--measure-rtp=false", "--recording-dir=/var/spool/calls", "--dtls-mtu=1300").isEmpty)
        #expect(try configure(["--homer-id=5", "--measure-rtp"]).kept == ["homer-id": ["5"], "measure-rtp": []])
    }

    @Test("every option that we ignore is accepted with one information line")
    func ignored() throws {
        for option in OptionTable.all {
            guard case .ignored = option.support, !["codecs"].contains(option.name),
                !option.name.hasPrefix("nftables-st")
            else { continue }
            let argument = option.kind == .flag ? "--\(option.name)" : "--\(option.name)=1"
            let lines = try notices([argument])
            #expect(lines.map(\.level) == [.information], "\(option.name)")
            #expect(lines.first?.text.contains(option.name) == true)
        }
    }

    /// From `--help` of rtpengine 10.5 and the option table of 26.3.
    @Test("every option of rtpengine is known, with its short form")
    func completeness() throws {
        let known = Dictionary(uniqueKeysWithValues: OptionTable.all.map { ($0.name, $0) })
        let expected = RtpengineOptions.names
        #expect(expected.count == 223)
        #expect(expected.filter { known[$0] == nil } == [])
        for (letter, name) in RtpengineOptions.letters { #expect(known[name]?.short == letter, "\(name)") }
        let ours = Set(known.keys).subtracting(expected)
        #expect(ours == ["node", "cluster", "announce"])
    }

    @Test("the first listed interface comes first; aliases point to them")
    func interfaces() throws {
        let configuration = try configure(["-ia/192.0.2.1!198.51.100.1", "-ib:1/any", "-i", "x=a", "-i", "y=b"])
        #expect(
            configuration.media.interfaces.map(\.description) == ["a/192.0.2.1!198.51.100.1", "b:1/any", "x=a", "y=b"])
    }

    @Test("the name that we give ourselves keeps to letters, digits and dashes")
    func softwareID() throws {
        #expect(try configure(["--software-id=My relay/2 ü"]).signalling.softwareID == "My-relay-2---")
    }
}
