internal import WireFormat

extension OptionTable {
    private static let seconds = 0...Int(Int32.max)
    /// Of those below a limit that means something, rtpengine takes any.
    private static let numbers = Int(Int32.min)...Int(Int32.max)
    private static let severities = 0...8

    static let early: [OptionDefinition] = [
        OptionDefinition(name: "help", short: "h", kind: .flag, help: "show this text", use: .early),
        OptionDefinition(name: "version", short: "v", kind: .flag, help: "show the version", use: .early),
        OptionDefinition(
            name: "config-file", kind: .value, placeholder: "FILE",
            help: "options from a file, 'none' for no file (\(Configuration.defaultFile))", use: .early),
        OptionDefinition(
            name: "config-section", kind: .value, placeholder: "NAME",
            help: "section of that file (\(OptionParser.defaultSection))", use: .early),
    ]

    static let network: [OptionDefinition] = [
        OptionDefinition(
            name: "interface", short: "i", kind: .list, placeholder: "[NAME/]IP[!IP]",
            help: "local address for media, and the one to advertise (127.0.0.1); or ALIAS=NAME",
            use: .applyWithHost { (configuration, values, host) throws(ValueProblem) in
                configuration.interfaces = []
                configuration.interfaceAliases = [:]
                for text in values {
                    if let (alias, name) = try ValueParsing.alias(text) {
                        configuration.interfaceAliases[alias] = name
                    } else {
                        configuration.interfaces += try ValueParsing.interfaces(text, on: host)
                    }
                }
            }),
        .value("interfaces-config", "PREFIX", "sections [PREFIX-NAME] of the file describe interfaces") {
            (configuration, text) throws(ValueProblem) in
            configuration.interfaceSections = try ValueParsing.text(text)
        },
        OptionDefinition(
            name: "backup-interface", kind: .list, placeholder: "[NAME/]IP[!IP]",
            help: "address of another relay, to go on with its calls when it fails",
            use: .applyWithHost { (configuration, values, host) throws(ValueProblem) in
                configuration.backupInterfaces = []
                for text in values { configuration.backupInterfaces += try ValueParsing.interfaces(text, on: host) }
            }),
        .listeners("listen-ng", short: "n", \.listenNG, "NG over UDP (127.0.0.1:2223)"),
        .listeners("listen-tcp-ng", short: "N", \.listenTCPNG, "NG over TCP"),
        .listeners("listen-cli", short: "c", \.listenCLI, "the console, for relayctl and rtpengine-ctl"),
        .listeners("listen-http", \.listenHTTP, "HTTP and WebSocket: /metrics, /ping, /ng, /cli"),
        .list("listen-https", "[IP:]PORT", "") { (_, _) throws(ValueProblem) in
            throw ValueProblem("TLS is not available; use listen-http on an internal network, or behind a TLS proxy")
        },
        .integer(
            "http-idle-timeout", \.httpIdleTimeout, in: 1...86_400, "SECS", "close silent HTTP connections (60)"),
        .value("port-min", short: "m", "PORT", "first port for media (30000)") {
            (configuration, text) throws(ValueProblem) in
            configuration.portMin = try ValueParsing.port(text)
        },
        .value("port-max", short: "M", "PORT", "last port for media (39999)") {
            (configuration, text) throws(ValueProblem) in
            configuration.portMax = try ValueParsing.port(text)
        },
        .value("tos", short: "T", "INT", "TOS octet or traffic class of media (0)") {
            (configuration, text) throws(ValueProblem) in
            configuration.tos = UInt8(try ValueParsing.integer(text, in: 0...255))
        },
        .value("control-tos", "INT", "the same for answers to control messages (0)") {
            (configuration, text) throws(ValueProblem) in
            configuration.controlTOS = UInt8(try ValueParsing.integer(text, in: 0...255))
        },
    ]

    static let limits: [OptionDefinition] = [
        .value("max-cpu", "PERCENT", "no new calls while the processors are busier, 0 for no limit (0)") {
            (configuration, text) throws(ValueProblem) in
            configuration.maxCPU = max(0, try ValueParsing.number(text, in: -1_000_000...100))
        },
        .value("max-load", "NUMBER", "no new calls above this load average, 0 for no limit (0)") {
            (configuration, text) throws(ValueProblem) in
            configuration.maxLoad = max(0, try ValueParsing.number(text, in: -1_000_000...1_000_000))
        },
        .integer(
            "max-bandwidth", \.maxBandwidth, in: Int(Int64.min)...Int(Int64.max), atLeast: 0, "BYTES",
            "no new calls above so many bytes of media a second, 0 for no limit (0)"),
    ]

    static let statistics: [OptionDefinition] = [
        OptionDefinition(
            name: "graphite", short: "g", kind: .value, placeholder: "IP:PORT", help: "send numbers to graphite",
            use: .applyWithHost { (configuration, values, host) throws(ValueProblem) in
                guard let last = values.last else { return }
                configuration.graphite = try ValueParsing.listenAddresses(last, on: host).first
            }),
        .integer(
            "graphite-interval", short: "G", \.graphiteInterval, in: -86_400...86_400, atLeast: 1, "SECS",
            "how often (1)"),
        .value("graphite-prefix", "TEXT", "in front of every name") { (configuration, text) throws(ValueProblem) in
            guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
                throw ValueProblem("'\(text)' holds blanks or other characters that graphite does not take")
            }
            configuration.graphitePrefix = text
        },
        .integer(
            "graphite-timeout", \.graphiteTimeout, in: 0...86_400, "SECS", "wait so long for a connection (system's)"),
    ]

    static let calls: [OptionDefinition] = [
        .timeout("timeout", short: "o", \.timeout, "end calls without media (60)"),
        .timeout("silent-timeout", short: "s", \.silentTimeout, "the same for calls on hold (3600)"),
        .timeout("final-timeout", short: "a", \.finalTimeout, "longest call, 0 for no limit (0)"),
        .timeout("offer-timeout", \.offerTimeout, "end offers without answer (3600)"),
        .integer(
            "delete-delay", short: "d", \.deleteDelay, in: numbers, atLeast: 0, "SECS",
            "keep deleted calls so long (30)"),
        .value("max-sessions", "INT", "refuse more calls than that, -1 for no limit (-1)") {
            (configuration, text) throws(ValueProblem) in
            let count = try ValueParsing.integer(text, in: numbers)
            configuration.maxSessions = count < 0 ? nil : count
        },
        .value("endpoint-learning", "HOW", "off, immediate, delayed or heuristic (heuristic)") {
            (configuration, text) throws(ValueProblem) in
            configuration.endpointLearning = try ValueParsing.choice(text)
        },
        .value("templates", "NAME", "section of the file with flags that requests name by 'template'") {
            (configuration, text) throws(ValueProblem) in
            configuration.templateSection = try ValueParsing.text(text)
        },
        .value("mos", "CQ|LQ", "score conversations, to which delay matters, or listening (CQ)") {
            (configuration, text) throws(ValueProblem) in
            configuration.mos = try ValueParsing.choice(text)
        },
        .flag("sip-source", \.sipSource, "trust the source of the SIP message, not the address in the SDP"),
        .value("software-id", "TEXT", "our name in HTTP and on the console") {
            (configuration, text) throws(ValueProblem) in
            // It goes into headers: letters, digits and dashes, as in rtpengine.
            let name = try ValueParsing.text(text).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
            configuration.softwareID = String(name)
        },
    ]

    static let process: [OptionDefinition] = [
        .flag("foreground", short: "f", \.foreground, "do not go to the background"),
        .value("pidfile", short: "p", "FILE", "write the process number to a file") {
            (configuration, text) throws(ValueProblem) in
            configuration.pidfile = try ValueParsing.text(text)
        },
        .value("num-threads", "INT", "media threads (one for each core)") {
            (configuration, text) throws(ValueProblem) in
            let count = try ValueParsing.integer(text, in: -1...1024)
            configuration.numThreads = count > 0 ? count : nil
        },
        .integer(
            "socket-cpu-affinity", \.socketCPUAffinity, in: -1...1024, "INT",
            "keep media threads and their ports on so many cores, -1 for all; see 'relayctl tune' (0)"),
        .value("announce", "HOW", "routes for the addresses: link:NAME, exabgp[:PIPE] or exec:COMMAND") {
            (configuration, text) throws(ValueProblem) in
            configuration.announce = try ValueParsing.text(text)
        },
        .integer(
            "drain-timeout", \.drainTimeout, in: seconds, "SECS", "wait so long at SIGTERM for the last packet (30)"),
        .flag("no-guard", \.noGuard, "no process that watches the relay and starts it again"),
        .integer(
            "table", short: "t", \.table, in: -1...65_535, "INT", "forwarding table in the kernel, -1 for none (-1)"),
        .flag("no-fallback", short: "F", \.noFallback, "do not start without the kernel's table"),
        .list("kernel-interface", "NAME", "forward in the kernel on this (those that reach the media addresses)") {
            (configuration, values) throws(ValueProblem) in
            configuration.kernelInterfaces = []
            for text in values { configuration.kernelInterfaces.append(try ValueParsing.text(text)) }
        },
        .value("kernel-attach", "HOW", "auto, xdp or tc (auto)") { (configuration, text) throws(ValueProblem) in
            configuration.kernelAttach = try ValueParsing.choice(text)
        },
        .value("port-sockets", "HOW", "auto, each (port has a socket) or shared (ports share some) (auto)") {
            (configuration, text) throws(ValueProblem) in
            configuration.portSockets = try ValueParsing.choice(text)
        },
        .flag("flush-kernel", \.flushKernel, "remove what the table's last relay has left in the kernel, and end"),
    ]

    static let logging: [OptionDefinition] = logDestination + subsystemLevels

    private static let logDestination: [OptionDefinition] =
        [
            .integer(
                "log-level", short: "L", \.logLevel, in: severities, "0-7", "most verbose severity that is logged (6)"),
            .flag("log-stderr", short: "E", \.logStderr, "log to standard error instead of syslog"),
            .flag("no-log-timestamps", \.noLogTimestamps, "no time on standard error"),
            .value("log-facility", "NAME", "facility of syslog (daemon)") {
                (configuration, text) throws(ValueProblem) in
                configuration.logFacility = try LogFacility(text)
            },
            .value("log-name", "TEXT", "our name in syslog (relayd)") { (configuration, text) throws(ValueProblem) in
                configuration.logName = try ValueParsing.text(text)
            },
            .value("log-format", "default|parsable", "how a line names its call (default)") {
                (configuration, text) throws(ValueProblem) in
                configuration.logFormat = try ValueParsing.choice(text)
            },
            .integer(
                "max-log-line-length", \.maxLogLineLength, in: numbers, atLeast: 0, "INT",
                "cut log lines behind so many characters, 0 for 65536 (500)"),
            .value("log-facility-cdr", "NAME", "write call detail records to syslog") {
                (configuration, text) throws(ValueProblem) in
                configuration.logFacilityCDR = try LogFacility(text)
            },
            .value("log-mark-prefix", "TEXT", "in front of call-ids in the log") {
                (configuration, text) throws(ValueProblem) in configuration.logMarkPrefix = text
            },
            .value("log-mark-suffix", "TEXT", "behind call-ids in the log") {
                (configuration, text) throws(ValueProblem) in configuration.logMarkSuffix = text
            },
        ]

    private static let subsystemLevels = LogSubsystem.allCases.map { subsystem in
        // What has no help is not in the list of what has an effect.
        let help = subsystem.isUsed ? "log-level of \(subsystem.rawValue), -1 for none" : ""
        return OptionDefinition.value("log-level-\(subsystem.rawValue)", "0-7", help) {
            (configuration, text) throws(ValueProblem) in
            configuration.logLevels[subsystem] = try ValueParsing.integer(text, in: -1...8)
        }
    }
}
