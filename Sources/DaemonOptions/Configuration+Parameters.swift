/// One option with its value, for `params`.
package struct Parameter: Equatable, Sendable {
    package let name: String
    package let value: String
    /// The value may change while we run; another one needs a restart.
    package let isLive: Bool
    /// Part of the value, and not to be shown.
    private let secret: String

    fileprivate init(_ name: String, _ value: String, isLive: Bool = false, secret: String = "") {
        (self.name, self.value, self.isLive, self.secret) = (name, value, isLive, secret)
    }

    /// Where a Redis is, without user and password.
    fileprivate init(_ name: String, redis location: String?, password: String?) {
        let location = location ?? "(null)"
        let start = location.firstRange(of: "://")?.upperBound ?? location.startIndex
        let (scheme, rest) = (location[..<start], location[start...])
        let host = rest.lastIndex(of: "@").map { "***@\(rest[rest.index(after: $0)...])" } ?? "\(rest)"
        self.init(name, "\(scheme)\(host)", secret: "\(location)\n\(password ?? "")")
    }

    fileprivate init(live name: String, _ value: some CustomStringConvertible) {
        self.init(name, value.description, isLive: true)
    }
}

extension Configuration {
    /// Everything that the options say, by the names of the options; in a fixed order.
    package var parameters: [Parameter] {
        logParameters + callParameters + processParameters + planeParameters + sharingParameters + namedParameters
    }

    private var logParameters: [Parameter] {
        LogSubsystem.allCases.map { Parameter(live: "log-level-\($0.rawValue)", logLevels[$0] ?? logLevel) } + [
            Parameter("log-stderr", flag(logStderr)), Parameter("no-log-timestamps", flag(noLogTimestamps)),
            Parameter("log-facility", "\(logFacility.number)"), Parameter("log-name", logName),
            Parameter("log-format", logFormat.rawValue), Parameter("log-mark-prefix", logMarkPrefix),
            Parameter("log-mark-suffix", logMarkSuffix), Parameter("max-log-line-length", "\(maxLogLineLength)"),
            Parameter("log-facility-cdr", logFacilityCDR.map { "\($0.number)" } ?? "(null)"),
        ]
    }

    private var callParameters: [Parameter] {
        [
            Parameter(live: "max-sessions", maxSessions ?? -1), Parameter(live: "max-cpu", maxCPU),
            Parameter(live: "max-load", maxLoad), Parameter(live: "max-bandwidth", maxBandwidth),
            Parameter(live: "timeout", timeout), Parameter(live: "silent-timeout", silentTimeout),
            Parameter(live: "final-timeout", finalTimeout), Parameter(live: "offer-timeout", offerTimeout),
            Parameter(live: "delete-delay", deleteDelay), Parameter(live: "tos", tos),
            Parameter(live: "control-tos", controlTOS),
            Parameter(live: "endpoint-learning", endpointLearning.rawValue),
        ]
    }

    private var processParameters: [Parameter] {
        [
            Parameter("port-min", "\(portMin)"), Parameter("port-max", "\(portMax)"),
            Parameter("num-threads", numThreads.map { "\($0)" } ?? "-1"),
            Parameter("socket-cpu-affinity", "\(socketCPUAffinity)"),
            Parameter("mos", mos.rawValue), Parameter("sip-source", flag(sipSource)),
            Parameter("templates", templateSection ?? "(null)"),
            Parameter("software-id", softwareID ?? "(null)"), Parameter("pidfile", pidfile ?? "(null)"),
            Parameter("foreground", flag(foreground)), Parameter("no-guard", flag(noGuard)),
            Parameter("announce", announce ?? "(null)"), Parameter("drain-timeout", "\(drainTimeout)"),
        ] + interfaces.enumerated().map { Parameter("interface[\($0)]", $1) }
            + backupInterfaces.enumerated().map { Parameter("backup-interface[\($0)]", $1) }
            + listenNG.map { Parameter("listen-ng", "\($0)") } + listenTCPNG.map { Parameter("listen-tcp-ng", "\($0)") }
            + listenCLI.map { Parameter("listen-cli", "\($0)") } + listenHTTP.map { Parameter("listen-http", "\($0)") }
            + [
                Parameter("http-idle-timeout", "\(httpIdleTimeout)"),
                Parameter("graphite", graphite.map { "\($0)" } ?? "(null)"),
                Parameter("graphite-interval", "\(graphiteInterval)"), Parameter("graphite-prefix", graphitePrefix),
                Parameter("graphite-timeout", "\(graphiteTimeout)"),
            ]
    }

    private var planeParameters: [Parameter] {
        [
            Parameter("table", "\(table)"), Parameter("no-fallback", flag(noFallback)),
            Parameter("kernel-attach", kernelAttach.rawValue), Parameter("port-sockets", portSockets.rawValue),
        ] + kernelInterfaces.map { Parameter("kernel-interface", $0) }
    }

    private var sharingParameters: [Parameter] {
        [
            Parameter("redis", redis: redis, password: redisPassword),
            Parameter("redis-write", redis: redisWrite, password: redisWritePassword),
            Parameter("redis-subscribe", redis: redisSubscribe, password: redisSubscribePassword),
            Parameter("redis-expires", "\(redisExpires)"), Parameter("no-redis-required", flag(noRedisRequired)),
            Parameter("redis-allowed-errors", "\(redisAllowedErrors)"),
            Parameter("redis-disable-time", "\(redisDisableTime)"),
            Parameter("redis-cmd-timeout", "\(redisCmdTimeout)"),
            Parameter("redis-connect-timeout", "\(redisConnectTimeout)"),
            Parameter("node", node ?? "(null)"), Parameter("cluster", cluster),
        ] + subscribeKeyspace.map { Parameter("subscribe-keyspace", "\($0)") }
    }

    /// What has a name of the operator's choice.
    private var namedParameters: [Parameter] {
        let aliases = interfaceAliases.sorted { $0.key < $1.key }
        let flags = templates.sorted { $0.key < $1.key }
        return aliases.map { Parameter("interface[\($0.key)]", $0.value) }
            + flags.map { Parameter("template[\($0.key)]", $0.value) }
    }

    private func flag(_ value: Bool) -> String { value ? "1" : "0" }

    /// Takes over from another configuration what may change while we run.
    package mutating func takeLive(from other: Configuration) {
        (logLevel, logLevels) = (other.logLevel, other.logLevels)
        (maxSessions, maxCPU, maxLoad, maxBandwidth) = (
            other.maxSessions, other.maxCPU, other.maxLoad, other.maxBandwidth
        )
        (timeout, silentTimeout, finalTimeout) = (other.timeout, other.silentTimeout, other.finalTimeout)
        (offerTimeout, deleteDelay) = (other.offerTimeout, other.deleteDelay)
        (tos, controlTOS, endpointLearning) = (other.tos, other.controlTOS, other.endpointLearning)
    }
}

extension Configuration {
    /// The levels of the log that steps lead through (RFC 5424 §6.2.1).
    private static let severities = 0...7

    /// Has more (positive) or less logged: all levels move by so many steps, but for parts that are silent.
    package mutating func makeMoreVerbose(by steps: Int) {
        func moved(_ level: Int) -> Int {
            guard level >= 0 else { return level }
            let (least, most) = (Self.severities.lowerBound, Self.severities.upperBound)
            return min(max(min(level, most) + min(max(steps, -most), most), least), most)
        }
        logLevel = moved(logLevel)
        logLevels = logLevels.mapValues(moved)
    }

    /// Changes one option that may change while we run, by its long name.
    package mutating func set(_ name: String, to text: String) throws(OptionError) {
        guard let option = OptionTable.option(named: name), case .apply(let apply) = option.use else {
            throw OptionError("cannot be changed while running", option: name)
        }
        do {
            try apply(&self, [text])
        } catch {
            throw OptionError(error.text, option: name)
        }
    }
}

extension Configuration {
    /// Media threads, as far as the options say; `nil` means one for each core.
    package var mediaThreads: Int? { numThreads ?? (socketCPUAffinity > 0 ? socketCPUAffinity : nil) }
}
