import RelaydOptions
import Testing
import WireFormat

/// The command line, in the style of rtpengine's parser.
@Suite("Command line")
struct CommandLineTests {
    private static let pair = [InterfaceDefinition]([
        .interface(InterfaceSpecification(name: "in", local: .address(IPAddress("192.0.2.1")!))),
        .interface(InterfaceSpecification(name: "out", local: .address(IPAddress("2001:db8::1")!))),
    ])

    @Test(
        "takes values in every spelling, and repeated options",
        arguments: [
            ["-iin/192.0.2.1", "-iout/2001:db8::1"], ["-i", "in/192.0.2.1", "-i", "out/2001:db8::1"],
            ["--interface=in/192.0.2.1", "--interface=out/2001:db8::1"],
            ["--interface", "in/192.0.2.1", "-i", "out/2001:db8::1"], ["--interface=in/192.0.2.1;out/2001:db8::1"],
        ])
    func spellings(_ arguments: [String]) throws {
        #expect(try configure(arguments).media.interfaces == Self.pair)
    }

    @Test(
        "takes bundled flags, with a value at the end",
        arguments: [["-fEL7"], ["-fEL", "7"], ["-f", "-E", "-L7"], ["-fE", "--log-level=7"]])
    func bundles(_ arguments: [String]) throws {
        let configuration = try configure(arguments)
        #expect(configuration.process.isForeground)
        #expect(configuration.logging.toStandardError)
        #expect(configuration.logging.level == 7)
    }

    @Test("a value may begin with a dash, and the last one counts")
    func values() throws {
        #expect(try configure(["--table", "-1"]).media.kernelTable == -1)
        #expect(try configure(["-t-1"]).media.kernelTable == -1)
        #expect(try configure(["--tos=1", "--tos=0xb8"]).media.tos == 184)
        #expect(try configure(["--pidfile="]).process.pidFile == "")
    }

    @Test("a flag can be turned off")
    func flags() throws {
        #expect(try configure(["--foreground"]).process.isForeground)
        #expect(try !configure(["--foreground", "--foreground=false"]).process.isForeground)
        #expect(try !configure(["--foreground=no"], file: "[rtpengine]\nforeground = yes").process.isForeground)
    }

    @Test(
        "says in one line what is wrong and what is right",
        arguments: [
            (["--port-min=70000"], "--port-min: '70000' is not a port (1-65535)"),
            (["--port-min=0"], "--port-min: '0' is not a port (1-65535)"),
            (["-m", "x"], "--port-min: 'x' is not a port (1-65535)"),
            (["-M"], "--port-max: needs a value: --port-max=PORT"),
            (["--tos=256"], "--tos: '256' is not a TOS value (0-255)"),
            (["--tos=99999999999999999999"], "--tos: '99999999999999999999' is not a TOS value (0-255)"),
            (["--timeout=soon"], "--timeout: 'soon' is not a number"),
            (["--delete-delay=-1"], "--delete-delay: '-1' is not a number (0 or more)"),
            (["--log-level=8"], "--log-level: '8' is not a log level (1-7)"),
            (
                ["--log-facility=local8"],
                "--log-facility: 'local8' is not a syslog facility (daemon, user, local0 to local7, …)"
            ),
            (["--log-format=json"], "--log-format: 'json' is not one of default, parsable"),
            (
                ["--endpoint-learning=fast"],
                "--endpoint-learning: 'fast' is not one of delayed, immediate, off, heuristic"
            ),
            (["--foreground=maybe"], "--foreground: 'maybe' is not true or false"),
            (["--portmin=1"], "unknown option --portmin; did you mean --port-min?"),
            (["--no-such-thing"], "unknown option --no-such-thing; see --help"),
            (["-Z"], "unknown option -Z; see --help"),
            (["-fZ"], "unknown option -Z; see --help"), (["--"], nil), (["-"], "'-' is not an option; see --help"),
            (["--=1"], "unknown option --; see --help"), (["stray"], "'stray' is not an option; see --help"),
            (["--", "--foreground"], "'--foreground' is not an option; see --help"),
            (["--listen-ng=nowhere"], "--listen-ng: 'nowhere' is not a port (1-65535); write [ADDRESS:]PORT"),
            (["--listen-ng=127.0.0.1"], "--listen-ng: '127.0.0.1' is not a port (1-65535); write [ADDRESS:]PORT"),
            (
                ["--listen-ng=127.0.0.1:0"],
                "--listen-ng: '127.0.0.1:0' does not end in a port (1-65535); write ADDRESS:PORT"
            ),
            (["--listen-ng=192.0.2:1"], "--listen-ng: '192.0.2' is neither an IP address nor a host name"),
            (["--listen-ng=:1"], "--listen-ng: '' is neither an IP address nor a host name"),
            (["-n1", "-n1"], "--listen-ng: '1' is given twice"),
            (
                ["--interface=0.0.0.0"],
                "--interface: '0.0.0.0' is a wildcard; name one address, or 'any' for all addresses of the host"
            ),
            (["--interface=224.0.0.1"], "--interface: '224.0.0.1' is a multicast address"),
            (["--interface=a/"], "--interface: 'a/' is incomplete; write [NAME/]ADDRESS[!ADVERTISED] or ALIAS=NAME"),
            (
                ["--interface=1.2.3.4!"],
                "--interface: '1.2.3.4!' is incomplete; write [NAME/]ADDRESS[!ADVERTISED] or ALIAS=NAME"
            ),
            (["--interface=a=b"], "--interface: alias 'a' means 'b', which is no interface"),
            (["-i1.2.3.4", "-i1.2.3.4"], "--interface: 'default/1.2.3.4' is given twice"),
            (
                ["-m40000", "-M30000"],
                "port-min (40000) is not below port-max (30000): give a range with room for a pair of ports"
            ),
            (
                ["-m30001", "-M30002"],
                "ports 30001 to 30002 hold no even port with an odd one above it: widen the range"
            ),
            (
                ["--table=0", "--no-fallback"],
                "--no-fallback: this version forwards in user space only; leave the option out, or add --table=-1"
            ),
            (
                ["--max-log-line-length=7"],
                "--max-log-line-length: a line of 7 characters holds nothing; use 80 or more, or -1"
            ),
            (["--redis=127.0.0.1:6379"], "--redis: no database is named; write [PASSWORD@]HOST:PORT/DATABASE"),
            (["--redis=sesame@127.0.0.1/1"], "--redis: '127.0.0.1' does not end in a port (1-65535); write HOST:PORT"),
            (["--max-load=-1"], "--max-load: '-1' is not a number of 0 or more"),
            (["--max-load=nan"], "--max-load: 'nan' is not a number of 0 or more"),
        ] as [([String], String?)])
    func refusals(_ arguments: [String], _ line: String?) {
        #expect(refusal(arguments) == line)
    }

    @Test("--help names every option, --version the version; both before anything else is looked at")
    func printing() throws {
        guard case .print(let help) = try invoke(["--help", "--port-min=0"]) else {
            Issue.record("no help")
            return
        }
        for option in OptionTable.all { #expect(help.contains(option.name), "\(option.name)") }
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 120 })
        for arguments in [["-v"], ["--version"], ["-fEv"]] {
            guard case .print("relayd \(relaydVersion)") = try invoke(arguments) else {
                Issue.record("no version for \(arguments)")
                continue
            }
        }
    }

    /// Scripts of a package that used to run rtpengine may go on calling these.
    @Test("what only makes sense for rtpengine's packet filter ends well", arguments: ["--nftables-start", "--codecs"])
    func elsewhere(_ argument: String) throws {
        guard case .print = try invoke([argument]) else {
            Issue.record("runs instead")
            return
        }
    }
}
