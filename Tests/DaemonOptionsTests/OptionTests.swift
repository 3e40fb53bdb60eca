import DaemonOptions
import Foundation
import Testing
import WireFormat

@Suite("Options")
struct OptionTests {
    /// Runs the parser, with one file at `/f` if given.
    private static func run(
        _ arguments: [String], file: String? = nil
    ) throws(OptionError) -> (Configuration, [OptionNotice]) {
        let arguments = ["--config-file=\(file == nil ? "none" : "/f")"] + arguments
        let result = try Configuration.parse(arguments: arguments) { path in
            path == "/f" ? file.map(FileContents.text) ?? .missing : .missing
        }
        guard case .run(let configuration, let notices) = result else { throw OptionError("nothing to run") }
        return (configuration, notices)
    }

    @Test("ALIAS=NAME is another name for an interface that there is; scores and addresses to trust")
    func aliases() throws {
        let (configuration, _) = try Self.run([
            "--interface=pub1/192.0.2.1", "--interface=rr:1/192.0.2.2", "--interface=pub=pub1", "-i", "some=rr",
            "--mos=LQ", "--sip-source",
        ])
        #expect(configuration.interfaces == ["pub1/192.0.2.1", "rr:1/192.0.2.2"])
        #expect(configuration.interfaceAliases == ["pub": "pub1", "some": "rr"])
        #expect(configuration.mos == .listening && configuration.sipSource)
        for wrong in ["pub=nowhere", "=pub1", "pub="] {
            #expect(throws: OptionError.self) {
                _ = try Self.run(["--interface=pub1/192.0.2.1", "--interface=\(wrong)"])
            }
        }
    }

    @Test("What rtpengine starts with, relayd starts with")
    func tolerance() throws {
        let (configuration, notices) = try Self.run(
            [],
            file: """
                [rtpengine]
                table = -1
                no-fallback = true
                timeout = 70 # seconds
                tos = 184 ; EF
                listen-ng = ::1:2223
                """)
        #expect(configuration.timeout == 70 && configuration.tos == 184)
        #expect(configuration.listenNG.map(\.description) == ["[::1]:2223"])
        let both = try Self.run(["--listen-ng=2223", "--listen-ng=[::]:2223"]).0
        #expect(both.listenNG.map(\.description) == ["0.0.0.0:2223", "[::]:2223"], "each once")
        #expect(notices.map(\.text) == ["option 'no-fallback' has no effect without a table"])
        for wrong in ["70 seconds", "70#", "# 70", "70 70"] {
            #expect(throws: OptionError.self) { _ = try Self.run(["--timeout", wrong]) }
        }
    }

    @Test("0 and less are no limits that calls never reach, but the usual ones", arguments: ["0", "-1", "-2147483648"])
    func noTimeouts(_ none: String) throws {
        let limits = ["timeout", "silent-timeout", "offer-timeout", "final-timeout"]
        let (given, _) = try Self.run(limits.map { "--\($0)=\(none)" })
        let (read, _) = try Self.run([], file: "[rtpengine]\n" + limits.map { "\($0) = \(none)\n" }.joined())
        // What `set` of the console does.
        var changed = try Self.run(limits.map { "--\($0)=5" }).0
        for limit in limits { try changed.set(limit, to: none) }
        for configuration in [given, read, changed] {
            #expect((configuration.timeout, configuration.silentTimeout) == (60, 3600))
            #expect((configuration.offerTimeout, configuration.finalTimeout) == (3600, 0))
        }
    }

    @Test("Sections describe interfaces")
    func interfaceSections() throws {
        let file = """
            [rtpengine]
            interfaces-config = if
            [if-pub]
            address = 192.0.2.1
            advertised = 198.51.100.1
            port-min = 20000
            [other]
            address = 192.0.2.9
            [if-priv]
            name = inside
            address = 2001:db8::1
            [if-ext]
            alias = pub
            """
        let (configuration, notices) = try Self.run(["--interface=first/192.0.2.7"], file: file)
        #expect(
            configuration.interfaces == ["first/192.0.2.7", "pub/192.0.2.1!198.51.100.1", "inside/2001:db8::1"])
        #expect(configuration.interfaceAliases == ["ext": "pub"])
        #expect(notices.map(\.text) == ["/f:6: 'port-min' has no effect in [if-pub]"])
        for (section, problem) in [
            ("[if-a]", "[if-a] has neither 'address' nor 'alias'"),
            ("[if-a]\naddress = x y", "[if-a]: 'x y' is not an IP address"), ("", "'/f' has no section [if-NAME]"),
        ] {
            do throws(OptionError) {
                _ = try Self.run([], file: "[rtpengine]\ninterfaces-config = if\n\(section)")
                Issue.record("\(section) was taken")
            } catch {
                #expect("\(error)".contains(problem), "\(error)")
            }
        }
    }

    @Test("without options, everything has its default")
    func defaults() throws {
        let (configuration, notices) = try Self.run([])
        var expected = Configuration()
        expected.interfaces = ["127.0.0.1"]
        expected.listenNG = [try #require(TransportAddress("127.0.0.1:2223"))]
        #expect(configuration == expected)
        #expect(notices == [])
        #expect((configuration.portMin, configuration.portMax) == (30_000, 39_999))
    }

    @Test("without the usual file it says that it goes on without")
    func noUsualFile() throws {
        let result = try Configuration.parse(arguments: ["--tos=8"]) { _ in .missing }
        guard case .run(let configuration, let notices) = result else {
            Issue.record("nothing to run")
            return
        }
        #expect(configuration.tos == 8)
        #expect(notices.map(\.level) == [.notice])
        #expect(notices.first?.text.hasPrefix("there is no /etc/rtpengine/rtpengine.conf: ") == true)
    }

    @Test("a file that is there and cannot be read is not a missing one")
    func contents() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("options-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("tos = 8\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/file"))
        try Data([0xFF, 0, 0xFE]).write(to: URL(fileURLWithPath: "\(folder)/octets"))
        // Whoever is root may read everything; nobody can follow a link to itself.
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/loop", withDestinationPath: "\(folder)/loop")
        #expect(FileContents(of: "\(folder)/file") == .text("tos = 8\n"))
        #expect(FileContents(of: "\(folder)/other") == .missing)
        #expect(FileContents(of: "\(folder)/file/other") == .missing)
        for path in ["loop", "loop/other", "octets", ""] {
            guard case .unreadable = FileContents(of: "\(folder)/\(path)") else {
                Issue.record("\(path) is \(FileContents(of: "\(folder)/\(path)"))")
                continue
            }
        }
    }

    @Test("comments are in any character set; a line that is no UTF-8 is named")
    func characterSets() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("latin-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        func parse(_ text: String) throws -> Configuration {
            // Umlauts of ISO 8859-1.
            try Data(text.unicodeScalars.map { UInt8($0.value) }).write(to: URL(fileURLWithPath: path))
            let result = try Configuration.parse(arguments: ["--config-file=\(path)"], readFile: FileContents.init(of:))
            guard case .run(let configuration, _) = result else { throw OptionError("nothing to run") }
            return configuration
        }
        #expect(try parse("# f\u{FC}r alle\n[rtpengine]\n; \u{E4}\ntos = 8\n[else]\nx = \u{E4}\n").tos == 8)
        do throws(any Error) {
            _ = try parse("[rtpengine]\ngraphite-prefix = \u{E4}\n")
            Issue.record("not refused")
        } catch {
            #expect("\(error)".contains("\(path):2:") && "\(error)".contains("is not UTF-8"), "\(error)")
        }
    }

    @Test("a flag that the command line switches off is off, whatever the file says, and the other way round")
    func switchedOff() throws {
        let on = "[rtpengine]\nlog-stderr = true\n"
        #expect(try Self.run([], file: on).0.logStderr)
        #expect(try !Self.run(["--log-stderr=false"], file: on).0.logStderr)
        #expect(try !Self.run(["-E", "--log-stderr=no"]).0.logStderr)
        #expect(try Self.run(["-E"], file: "[rtpengine]\nlog-stderr = false\n").0.logStderr)
        #expect(try !Self.run([], file: on + "log-stderr = false\n").0.logStderr)
        #expect(try Self.run(["--help=false", "--tos=8"]).0.tos == 8)
    }

    @Test("what rtpengine takes for no limit is none, and a TOS may be hexadecimal")
    func limits() throws {
        let (configuration, _) = try Self.run([
            "--max-cpu=-1", "--max-load=-1", "--max-bandwidth=-1", "--max-sessions=-5", "--delete-delay=-1",
            "--graphite-interval=0", "--redis-allowed-errors=-2", "--max-log-line-length=-1", "--tos=0xb8",
            "--control-tos=0XB8",
        ])
        #expect((configuration.maxCPU, configuration.maxLoad) == (0, 0))
        #expect(configuration.maxBandwidth == 0 && configuration.maxSessions == nil)
        #expect((configuration.deleteDelay, configuration.graphiteInterval) == (0, 1))
        #expect((configuration.redisAllowedErrors, configuration.maxLogLineLength) == (-1, 0))
        #expect((configuration.tos, configuration.controlTOS) == (184, 184))
        for wrong in ["0x", "0x-1", "0x+1", "b8", "0x1b8", "-0x1", ""] {
            #expect(throws: OptionError.self) { _ = try Self.run(["--tos=\(wrong)"]) }
        }
    }

    @Test(
        "what makes rtpengine do something and end does not start a relay",
        arguments: [
            "codecs", "nftables-start", "nftables-stop", "nftables-status",
        ])
    func errands(_ name: String) throws {
        let result = try Configuration.parse(arguments: ["--\(name)"], readFile: { _ in .missing })
        guard case .help(let text) = result else {
            Issue.record("it runs")
            return
        }
        #expect(text.hasSuffix(".\n"))
        // In a file it may stand.
        #expect(try Self.run([], file: "[rtpengine]\n\(name) = false\ntos = 8\n").0.tos == 8)
    }

    @Test("levels of parts that log nothing are named at the start, and not in the help")
    func idleLevels() throws {
        let (configuration, notices) = try Self.run(["--log-level-ice=7", "--log-level-control=7"])
        #expect(configuration.logLevels == [.ice: 7, .control: 7])
        #expect(
            notices == [
                OptionNotice(
                    .information, "option 'log-level-ice' has no effect: no line of the log is of that part")
            ])
        guard case .help(let text) = try Configuration.parse(arguments: ["-h"], readFile: { _ in .missing }) else {
            return
        }
        #expect(text.contains("--log-level-core") && !text.contains("--log-level-ice"))
    }

    @Test(
        "every spelling of the command line",
        arguments: [
            ["--interface=a/127.0.0.1!192.0.2.1", "--foreground", "--log-stderr", "--log-level", "7"],
            ["-i", "a/127.0.0.1!192.0.2.1", "-fE", "-L7"],
            ["-ia/127.0.0.1!192.0.2.1", "-EfL", "7"],
            ["--interface", "a/127.0.0.1!192.0.2.1", "-EfL=7", "--"],
        ])
    func spellings(_ arguments: [String]) throws {
        let (configuration, _) = try Self.run(arguments)
        #expect(configuration.interfaces == ["a/127.0.0.1!192.0.2.1"])
        #expect(configuration.foreground && configuration.logStderr)
        #expect(configuration.logLevel == 7)
    }

    @Test("a list grows, a value is replaced, a bare port is on all addresses")
    func repetition() throws {
        let (configuration, _) = try Self.run([
            "-i", "127.0.0.1;::1", "-i", "b/[::2]", "-n", "2223", "-n", "[::1]:22", "--tos=1", "--tos=184",
            "--num-threads=0", "--max-sessions=-1",
        ])
        #expect(configuration.interfaces == ["127.0.0.1", "::1", "b/[::2]"])
        #expect(configuration.listenNG.map(\.description) == ["0.0.0.0:2223", "[::]:2223", "[::1]:22"])
        #expect(Set(configuration.alternativeListeners.map(\.description)) == ["0.0.0.0:2223", "[::]:2223"])
        #expect(configuration.tos == 184)
        #expect(configuration.numThreads == nil && configuration.maxSessions == nil)
    }

    @Test("cores that media threads keep to are threads too, unless their number is given")
    func affinity() throws {
        #expect(try Self.run([]).0.mediaThreads == nil)
        #expect(try Self.run(["--socket-cpu-affinity=-1"]).0.mediaThreads == nil)
        #expect(try Self.run(["--socket-cpu-affinity=4"]).0.mediaThreads == 4)
        #expect(try Self.run(["--socket-cpu-affinity=4", "--num-threads=2"]).0.mediaThreads == 2)
    }

    @Test("flags that requests name are in a section of their own")
    func templates() throws {
        let text = """
            [rtpengine]
            templates = signalling
            [signalling]
            wan = ICE=remove replace=[origin] direction=[in out]
            """
        let (configuration, _) = try Self.run([], file: text)
        #expect(configuration.templates == ["wan": "ICE=remove replace=[origin] direction=[in out]"])
        #expect(throws: OptionError.self) { _ = try Self.run(["--templates=nowhere"], file: text) }
        #expect(throws: OptionError.self) { _ = try Self.run(["--config-file=none", "--templates=signalling"]) }
    }

    @Test("the file is read, and the command line wins")
    func file() throws {
        let text = """
            # comment
            [other]
            nonsense
            [rtpengine]
            interface = a/127.0.0.1; b/::1
            ; comment
            foreground = true
            log-stderr=false
            timeout = 30
            tos = 8
            surprise = 1
            mqtt-pass = secret
            redis = 127.0.0.1:6379/1
            """
        let (configuration, notices) = try Self.run(["--tos", "16"], file: text)
        #expect(configuration.interfaces == ["a/127.0.0.1", "b/::1"])
        #expect(configuration.foreground && !configuration.logStderr)
        #expect((configuration.timeout, configuration.tos) == (30, 16))
        #expect(
            notices == [
                OptionNotice(.warning, "/f:11: 'surprise' is not an option"),
                OptionNotice(.information, "option 'mqtt-pass' is accepted and ignored"),
            ])
        #expect(configuration.redis == "127.0.0.1:6379/1")
    }

    @Test("a list on the command line replaces that of the file")
    func listPrecedence() throws {
        let (configuration, _) = try Self.run(["-i", "::1"], file: "[rtpengine]\ninterface=127.0.0.1\n")
        #expect(configuration.interfaces == ["::1"])
    }

    @Test("addresses of other relays, which new calls do not use")
    func backupInterfaces() throws {
        let (configuration, _) = try Self.run(["-i", "pub/192.0.2.1", "--backup-interface=pub/192.0.2.2;pub/192.0.2.3"])
        #expect(configuration.interfaces == ["pub/192.0.2.1"])
        #expect(configuration.backupInterfaces == ["pub/192.0.2.2", "pub/192.0.2.3"])
    }

    @Test("calls shared through Redis, with rtpengine's names")
    func sharing() throws {
        let text = """
            [rtpengine]
            redis = sentinel://a:1,b:2/main
            subscribe-keyspace = 2;3
            redis-allowed-errors = 0
            redis-cmd-timeout = 10
            no-redis-required = true
            active-switchover = true
            """
        let (configuration, notices) = try Self.run(
            ["-w", "10.0.0.1:6379", "--node=a.b-1", "--cluster=east"], file: text)
        #expect(configuration.redis == "sentinel://a:1,b:2/main")
        #expect(configuration.redisWrite == "10.0.0.1:6379")
        #expect(configuration.subscribeKeyspace == [2, 3])
        #expect((configuration.redisAllowedErrors, configuration.redisCmdTimeout) == (0, 10))
        #expect(configuration.noRedisRequired)
        #expect((configuration.node, configuration.cluster) == ("a.b-1", "east"))
        #expect(notices == [OptionNotice(.information, "option 'active-switchover' is accepted and ignored")])
    }

    @Test("another section, and none at all")
    func sections() throws {
        let text = "[a]\ntos=1\n[b]\ntos=2\n"
        #expect(try Self.run(["--config-section=b"], file: text).0.tos == 2)
        #expect(try Self.run([], file: text).1.map(\.level) == [.warning])
        #expect(try Self.run(["--config-file=none"]).0.tos == 0)
    }

    @Test(
        "one line says what is wrong",
        arguments: [
            (["--port-min=70000"], "--port-min: '70000' is not a port (1-65535)"),
            (["-m", "0"], "--port-min: '0' is not a port (1-65535)"),
            (["--tos", "256"], "--tos: '256' is not a number from 0 to 255"),
            (["--timeout=x\ny"], "--timeout: 'x y' is not a number from -2147483648 to 2147483647"),
            (["-i", "0.0.0.0"], "--interface: '0.0.0.0' cannot carry media; name one address of this host"),
            (["-i", "a/b"], "--interface: 'b' is no address, and no name of a network device or host"),
            (
                ["--backup-interface=0.0.0.0"],
                "--backup-interface: '0.0.0.0' cannot carry media; name one address of this host"
            ),
            (["--node=a b"], "--node: 'a b' is not a name: use letters, digits, '.', '-' and '_', at most 48"),
            (["--cluster=a:b"], "--cluster: 'a:b' is not a name: use letters, digits, '.', '-' and '_', at most 48"),
            (["--redis-expires=5"], "--redis-expires: '5' is not a number from 60 to 2147483647"),
            (["-i", "127.0.0.1!"], "--interface: '' is not an IP address; write [NAME/]ADDRESS[!ADVERTISED]"),
            (["-i", "/::1"], "--interface: '/::1' has an empty name before '/'"),
            (
                ["-n", "::1:x"],
                "--listen-ng: '::1:x' is not an address; write IPV4:PORT, [IPV6]:PORT, HOST:PORT or PORT"
            ),
            (["--endpoint-learning=on"], "--endpoint-learning: 'on' is none of off, immediate, delayed, heuristic"),
            (["--log-facility=x"], "--log-facility: 'x' is not a syslog facility (daemon, user, local0 to local7, …)"),
            (["-fz"], "-z is not an option; see relayd --help"),
            (["--zzz=1"], "--zzz is not an option; see relayd --help"),
            (["word"], "'word' is not an option; see relayd --help"),
            (["-f", "--", "word"], "'word' is not an option; see relayd --help"),
            (["--tos"], "--tos: a value is missing"),
            (["-i", ";"], "--interface: the value is empty"),
            (["--foreground=maybe"], "--foreground: 'maybe' is neither true nor false"),
            (["-m5", "-M6"], "no room for a pair of ports between port-min (5) and port-max (6)"),
            (["-m9", "-M8"], "no room for a pair of ports between port-min (9) and port-max (8)"),
            (["--config-file=/g"], "--config-file: '/g' does not exist"),
        ])
    func mistakes(_ arguments: [String], _ expected: String) {
        #expect(throws: OptionError.self) { try Self.run(arguments) }
        do throws(OptionError) {
            _ = try Self.run(arguments)
        } catch {
            #expect(error.description == expected)
        }
    }

    @Test(
        "mistakes in the file tell the line",
        arguments: [
            ("[rtpengine]\n\ntos = x", "/f:3: tos: 'x' is not a number from 0 to 255"),
            ("tos = 1", "/f:1: 'tos = 1' stands before any [SECTION]"),
            ("[rtpengine", "/f:1: '[rtpengine' is not a section; write [NAME]"),
            ("[rtpengine]\ntos", "/f:2: 'tos' is not an option; write KEY = VALUE"),
            ("[rtpengine]\n= 1", "/f:2: '= 1' is not an option; write KEY = VALUE"),
        ])
    func fileMistakes(_ text: String, _ expected: String) {
        do throws(OptionError) {
            _ = try Self.run([], file: text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect(error.description == expected)
        }
    }

    @Test("everything that options say can be handed to another process")
    func handedOver() throws {
        let (configuration, _) = try Self.run(
            [
                "-i", "a/127.0.0.1;b=a", "-n", "2223;[::1]:22", "--graphite=127.0.0.1:2003", "--log-facility=local3",
                "--log-level-rtcp=7", "--log-level-core=3", "--max-cpu=70.5", "--max-sessions=7", "--mos=LQ",
                "--endpoint-learning=off", "--kernel-attach=tc", "--port-sockets=each", "--log-format=parsable",
                "--redis=sentinel://:secret@a:1/main", "--subscribe-keyspace=2;3", "--templates=t",
            ], file: "[rtpengine]\n[t]\nwan = replace=[origin] \"\u{e9}\"\n")
        let handed = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(Configuration.self, from: handed) == configuration)
        for wrong in ["localhost", "", "127.0.0.1"] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode([TransportAddress].self, from: Data("[\"\(wrong)\"]".utf8))
            }
        }
    }

    @Test("names of hosts and devices stand for their addresses")
    func names() throws {
        let addresses = ["lo 127.0.0.1", "lo ::1", "eth0 192.0.2.7", "eth0 2001:db8::7", "eth0 fe80::7"]
        let host = HostNetwork(
            deviceAddresses: {
                addresses.compactMap { text in
                    let parts = text.split(separator: " ")
                    return IPAddress(parts[1]).map { .init(device: String(parts[0]), address: $0) }
                }
            },
            resolve: { name in
                switch name {
                case "localhost": ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
                case "public.example.com": ["2001:db8::1", "198.51.100.1", "198.51.100.2"].compactMap { IPAddress($0) }
                case "v6.example.com": ["2001:db8::1"].compactMap { IPAddress($0) }
                case "everywhere.example.com": ["0.0.0.0"].compactMap { IPAddress($0) }
                default: []
                }
            })
        func run(_ arguments: [String], file: String = "") throws(OptionError) -> Configuration {
            let all = ["--config-file=/f"] + arguments
            let result = try Configuration.parse(arguments: all, host: host) { _ in .text("[rtpengine]\n\(file)") }
            guard case .run(let configuration, _) = result else { throw OptionError("nothing to run") }
            return configuration
        }
        #expect(try run(["-i", "any"]).interfaces == ["192.0.2.7", "2001:db8::7"])
        #expect(
            try run(["-i", "pub/eth0!198.51.100.1"]).interfaces
                == ["pub/192.0.2.7!198.51.100.1", "pub/2001:db8::7!198.51.100.1"])
        // What is advertised may be a name, too; of its addresses one that the same phones can reach.
        for (text, expected) in [
            ("10.0.0.5!public.example.com", ["10.0.0.5!198.51.100.1"]),
            ("pub/[2001:db8::7]!public.example.com", ["pub/[2001:db8::7]!2001:db8::1"]),
            ("10.0.0.5!v6.example.com", ["10.0.0.5!2001:db8::1"]),
            ("eth0!public.example.com", ["192.0.2.7!198.51.100.1", "2001:db8::7!2001:db8::1"]),
        ] {
            #expect(try run(["-i", text]).interfaces == expected)
        }
        #expect(
            try run(
                ["--interfaces-config=if"], file: "[if-pub]\naddress = 10.0.0.5\nadvertised = public.example.com\n"
            ).interfaces == ["pub/10.0.0.5!198.51.100.1"])
        #expect(throws: OptionError.self) { try run(["-i", "10.0.0.5!nowhere"]) }
        #expect(throws: OptionError.self) { try run(["-i", "10.0.0.5!everywhere.example.com"]) }
        #expect(try run(["-n", "localhost:2223"]).listenNG.map(\.description) == ["127.0.0.1:2223", "[::1]:2223"])
        #expect(try run(["-n", "localhost:2223"]).alternativeListeners.count == 2)
        #expect(try run(["-n", "0.0.0.0:2223"]).listenNG.map(\.description) == ["0.0.0.0:2223"])
        #expect(try run(["-n", "0.0.0.0:2223;[::1]:2223"]).alternativeListeners.isEmpty)
        #expect(
            try run(["--listen-cli", "eth0:1"]).listenCLI.map(\.description) == ["192.0.2.7:1", "[2001:db8::7]:1"])
        #expect(throws: OptionError.self) { try run(["-i", "nowhere"]) }
        #expect(throws: OptionError.self) { try run(["-n", "nowhere:1"]) }
        #expect(throws: OptionError.self) { try run(["--listen-https", "1"]) }
        #expect(try run(["--software-id", "a b\r\nü1"]).softwareID == "a-b--1")
    }

    @Test("a pair of ports is enough")
    func smallestRange() throws {
        #expect(try Self.run(["-m6", "-M7"]).0.portMax == 7)
    }

    @Test("help lists our options, version is asked for, and rtpengine's other options pass")
    func others() throws {
        let none: (String) -> FileContents = { _ in .missing }
        guard case .help(let text) = try Configuration.parse(arguments: ["-h"], readFile: none) else {
            Issue.record("no help")
            return
        }
        #expect(text.contains("-i, --interface=[NAME/]IP[!IP]"))
        #expect(try Configuration.parse(arguments: ["-v"], readFile: none) == .version)
        let (_, notices) = try Self.run(["-qk", "1", "--thread-stack=2048", "--dtls-passive", "-r", "127.0.0.1:1/1"])
        #expect(notices.filter { $0.level == .warning }.count == 1)
        #expect(notices.filter { $0.level == .information }.count == 1)
    }
}
