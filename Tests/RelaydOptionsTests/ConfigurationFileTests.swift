import RelaydOptions
import Testing
import WireFormat

/// The configuration file, as rtpengine writes it.
@Suite("Configuration file")
struct ConfigurationFileTests {
    @Test("comments, blanks, lists, booleans and numbers")
    func syntax() throws {
        let configuration = try configure(
            file: """
                # a comment
                ; another one
                  [rtpengine]
                interface = in/192.0.2.1 ; out/192.0.2.2!198.51.100.2;
                listen-ng=127.0.0.1:2223;[::1]:2223
                \ttos\t=\t184\t
                foreground = 1
                log-stderr = yes
                no-log-timestamps = false
                log-mark-prefix = <<\\s
                pidfile =
                [other]
                tos = 1
                """)
        #expect(configuration.media.interfaces.map(\.description) == ["in/192.0.2.1", "out/192.0.2.2!198.51.100.2"])
        #expect(configuration.control.ng.map(\.description) == ["127.0.0.1:2223", "[::1]:2223"])
        #expect(configuration.media.tos == 184)
        #expect(configuration.process.isForeground)
        #expect(configuration.logging.toStandardError)
        #expect(configuration.logging.timestamps)
        #expect(configuration.logging.markPrefix == "<< ")
        #expect(configuration.process.pidFile == nil)
    }

    @Test("the command line wins, a list as a whole")
    func precedence() throws {
        let file = "[rtpengine]\ninterface = 192.0.2.1;192.0.2.2\ntos = 184\ntimeout = 30"
        let configuration = try configure(["-i", "198.51.100.1", "--tos=0"], file: file)
        #expect(configuration.media.interfaces.map(\.description) == ["default/198.51.100.1"])
        #expect(configuration.media.tos == 0)
        #expect(configuration.timers.media == .seconds(30))
    }

    @Test("the section is chosen by name, the file can be left out")
    func choice() throws {
        let file = "[rtpengine]\ntos = 1\n[b]\ntos = 2\n[rtpengine]\ncontrol-tos = 3"
        #expect(try configure(file: file).media.tos == 1)
        #expect(try configure(file: file).control.tos == 3)
        #expect(try configure(["--config-section=b"], file: file).media.tos == 2)
        #expect(try configure(["--config-file=none"], file: file).media.tos == 0)
        #expect(
            refusal(["--config-section=c"], file: file)
                == "--config-section: '/etc/rtpengine/rtpengine.conf' has no section [c], only [rtpengine] [b]")
    }

    @Test("a file that is named has to be there, the default one does not")
    func absence() throws {
        #expect(try configure() == configure(["--config-file=none"]))
        #expect(refusal(["--config-file=/no/such"]) == "--config-file: there is no file '/no/such'")
    }

    @Test("a file that cannot be read is an error, also the default one")
    func unreadable() {
        #expect(throws: OptionError.self) {
            try Invocation(arguments: [], environment: [:]) { _ throws(ValueProblem) in
                throw ValueProblem("Permission denied")
            }
        }
    }

    @Test(
        "errors name the line",
        arguments: [
            ("tos = 1", "1: 'tos = 1' stands before the first [section]"),
            ("[rtpengine]\ntos", "2: 'tos' is neither a section, a comment nor 'key = value'"),
            ("[rtpengine]\n= 1", "2: '= 1' is neither a section, a comment nor 'key = value'"),
            ("[rtpengine", "1: '[rtpengine' is not a section; write [name]"),
            ("[]", "1: '[]' is not a section; write [name]"),
            ("[rtpengine]\n\n# x\ntos = 300", "4: tos: '300' is not a TOS value (0-255)"),
            ("[rtpengine]\r\ntos = \r\n", nil), ("[rtpengine]\ntimeout =", nil),
            ("[rtpengine]\nforeground =", "2: foreground: '' is not true or false"),
        ] as [(String, String?)])
    func errors(_ file: String, _ line: String?) {
        #expect(refusal([], file: file) == line.map { "/etc/rtpengine/rtpengine.conf:\($0)" })
    }

    @Test("unknown keys are warnings")
    func unknownKeys() throws {
        let path = "/etc/rtpengine/rtpengine.conf"
        #expect(
            try notices(file: "[rtpengine]\nmyser-pass = x\nversion = true")
                == [
                    OptionNotice(.warning, "\(path):2: 'myser-pass' is not an option, and is ignored"),
                    OptionNotice(.warning, "\(path):3: 'version' belongs on the command line, and is ignored"),
                ].reordered(after: "options read from \(path), section [rtpengine]"))
    }

    @Test("interfaces from sections of their own")
    func interfaceSections() throws {
        let configuration = try configure(
            ["-i", "first/192.0.2.1"],
            file: """
                [rtpengine]
                interfaces-config = if
                [if-a]
                address = 192.0.2.2
                advertised = 198.51.100.2
                port-min = 40000
                port-max = 40009
                exclude-ports = 40002;40003
                [if-b]
                name = a
                address = eth0
                [if-c]
                alias = a
                [iffy]
                address = nonsense!
                """)
        var a = InterfaceSpecification(name: "a", local: .address(IPAddress("192.0.2.2")!))
        a.advertised = .address(IPAddress("198.51.100.2")!)
        a.ports = 40_000...40_009
        a.excludedPorts = [40_002, 40_003]
        #expect(
            configuration.media.interfaces == [
                .interface(InterfaceSpecification(name: "first", local: .address(IPAddress("192.0.2.1")!))),
                .interface(a), .interface(InterfaceSpecification(name: "a", local: .name("eth0"))),
                .alias("c", of: "a"),
            ])
    }

    @Test(
        "wrong interface sections are refused",
        arguments: [
            ("port-min = 1", "3: interface section [if-a] has no 'address'"),
            ("address = 192.0.2.1\nport-min = 9", "3: port-min (9) is not below port-max (8)"),
            ("address = 192.0.2.1\nexclude-ports = 1;x", "5: exclude-ports: 'x' is not a port (1-65535)"),
            (
                "address = ::",
                "4: address: '::' is a wildcard; name one address, or 'any' for all addresses of the host"
            ),
            ("adress = ::1", "4: unknown key 'adress' for an interface"),
        ])
    func wrongInterfaceSections(_ section: String, _ line: String) {
        let section = section.contains("= 9") ? section + "\nport-max = 8" : section
        let file = "[rtpengine]\ninterfaces-config=if\n[if-a]\n\(section)"
        #expect(refusal([], file: file) == "/etc/rtpengine/rtpengine.conf:\(line)")
    }

    @Test("templates")
    func templates() throws {
        let file = "[rtpengine]\ntemplates = t\n[t]\nWebRTC = transport-protocol=UDP/TLS/RTP/SAVPF ICE=force"
        #expect(
            try configure(file: file).signalling.templates == [
                "WebRTC": "transport-protocol=UDP/TLS/RTP/SAVPF ICE=force"
            ])
        #expect(
            refusal(["--templates=u"], file: file) == "--templates: there is no section [u] in the configuration file")
    }

    /// rtpengine 10.5's own file, reduced to the lines that are not comments.
    @Test("the file that Debian ships for rtpengine is taken as it is")
    func debian() throws {
        let file = """
            [rtpengine]

            table = 0
            # no-fallback = false
            interface = any
            listen-ng = localhost:2223
            listen-http = localhost:2225
            listen-cli = localhost:2224
            timeout = 60
            silent-timeout = 3600
            tos = 184
            port-min = 30000
            port-max = 40000
            recording-dir = /var/spool/rtpengine
            recording-method = proc

            [rtpengine-testing]
            table = -1
            interface = 10.15.20.121
            listen-ng = 2223
            foreground = true
            log-stderr = true
            log-level = 7
            """
        let configuration = try configure(file: file)
        #expect(
            configuration.media.interfaces == [.interface(InterfaceSpecification(name: "default", local: .name("any")))]
        )
        #expect(configuration.control.ng == [.name("localhost", port: 2223)])
        #expect(configuration.media.ports == 30_000...40_000)
        #expect(configuration.media.tos == 184)
        #expect(
            try configure(["--config-section=rtpengine-testing"], file: file).control.ng == [.everyAddress(port: 2223)])
    }
}

extension [OptionNotice] {
    /// With one information line in front.
    fileprivate func reordered(after first: String) -> [OptionNotice] { [OptionNotice(.information, first)] + self }
}
