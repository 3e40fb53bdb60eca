internal import DaemonOptions
internal import Foundation
internal import RelayCore

/// An option that `list NAME` shows and `set NAME VALUE` changes, by the names of rtpengine's console.
struct RuntimeSetting: Sendable {
    /// On the console.
    let name: String
    /// Its long name.
    let option: String
    /// What `set` calls it when it has been changed.
    var title: String
    let help: String
    /// The value, as `set` confirms it.
    let value: @Sendable (Configuration) -> String
    /// The line that `list` prints, with `*` for the value.
    var line = "*"

    static let all: [RuntimeSetting] = [
        .init(
            name: "maxsessions", option: "max-sessions", title: "maxsessions", help: "calls at a time, -1 for no limit",
            value: { "\($0.maxSessions ?? -1)" }, line: "Maximum sessions configured on rtpengine: *"),
        .init(
            name: "maxcpu", option: "max-cpu", title: "maxcpu", help: "no new calls above this CPU usage, in percent",
            value: { ReportText.decimal($0.maxCPU, digits: 1) }, line: "Maximum CPU usage configured on rtpengine: *"),
        .init(
            name: "maxload", option: "max-load", title: "maxload", help: "no new calls above this load average",
            value: { ReportText.decimal($0.maxLoad, digits: 2) },
            line: "Maximum load average configured on rtpengine: *"),
        .init(
            name: "maxbw", option: "max-bandwidth", title: "maxbw", help: "no new calls above so many bytes a second",
            value: { "\($0.maxBandwidth)" }, line: "Maximum bandwidth configured on rtpengine: *"),
        .init(
            name: "timeout", option: "timeout", title: "timeout", help: "end calls without media, in seconds",
            value: { "\($0.timeout)" }, line: "TIMEOUT=*"),
        .init(
            name: "silenttimeout", option: "silent-timeout", title: "timeout", help: "the same for calls on hold",
            value: { "\($0.silentTimeout)" }, line: "SILENT_TIMEOUT=*"),
        .init(
            name: "offertimeout", option: "offer-timeout", title: "timeout", help: "end offers without answer",
            value: { "\($0.offerTimeout)" }, line: "OFFER_TIMEOUT=*"),
        .init(
            name: "finaltimeout", option: "final-timeout", title: "timeout", help: "longest call, 0 for no limit",
            value: { "\($0.finalTimeout)" }, line: "FINAL_TIMEOUT=*"),
        .init(
            name: "deletedelay", option: "delete-delay", title: "delete-delay", help: "keep deleted calls so long",
            value: { "\($0.deleteDelay)" }),
        .init(
            name: "controltos", option: "control-tos", title: "control-tos",
            help: "TOS octet of answers to control messages", value: { "\($0.controlTOS)" }),
        .init(
            name: "tos", option: "tos", title: "tos", help: "TOS octet of new calls", value: { "\($0.tos)" }),
        .init(
            name: "endpointlearning", option: "endpoint-learning", title: "endpoint-learning",
            help: "off, immediate, delayed or heuristic, of new calls", value: { $0.endpointLearning.rawValue }),
    ]
}

/// `list` and `set` for the options that may change, and `params`.
package enum SettingCommands {
    /// All of them.
    package static func all(_ configuration: LiveConfiguration) -> [any ConsoleCommand] {
        var commands: [any ConsoleCommand] = []
        for setting in RuntimeSetting.all {
            commands.append(
                ConsoleFunction("list \(setting.name)", help: setting.help) { _ in
                    let value = setting.value(configuration.current)
                    return ConsoleReply(
                        setting.line.replacing("*", with: value) + "\n", data: [setting.name: .string(value)])
                })
            commands.append(
                ConsoleFunction("set \(setting.name)", "VALUE", help: setting.help) { words in
                    set(setting, words, in: configuration)
                })
        }
        return commands + redis(configuration) + logLevels(configuration) + parameters(configuration)
            + [openFiles, setOpenFiles]
    }

    private static func set(
        _ setting: RuntimeSetting, _ words: [String], in configuration: LiveConfiguration
    ) -> ConsoleReply {
        guard words.count == 1 else { return .failure("More parameters required.\n") }
        if let problem = change(
            configuration, { (now) throws(OptionError) in try now.set(setting.option, to: words[0]) })
        {
            return .failure("Fail setting \(setting.title) to \(words[0]); \(problem)\n")
        }
        let value = setting.value(configuration.current)
        let note = setting.name == "maxsessions" && value == "-1" ? "; disable feature" : ""
        return ConsoleReply(
            "Success setting \(setting.title) to \(value)\(note)\n", data: [setting.name: .string(value)])
    }

    /// Changes the configuration, or says why not.
    private static func change(
        _ configuration: LiveConfiguration, _ body: (inout Configuration) throws(OptionError) -> Void
    ) -> String? {
        var problem: String?
        configuration.change { now in
            do throws(OptionError) { try body(&now) } catch { problem = error.problem }
        }
        return problem
    }

    /// Options that count from the start on.
    private static func redis(_ configuration: LiveConfiguration) -> [any ConsoleCommand] {
        let options: [(name: String, help: String, value: @Sendable (Configuration) -> Int)] = [
            ("redisallowederrors", "failures in a row after which Redis is left alone", { $0.redisAllowedErrors }),
            ("redisdisabletime", "for so many seconds", { $0.redisDisableTime }),
            ("redisconnecttimeout", "milliseconds for a connection to Redis", { $0.redisConnectTimeout }),
            ("rediscmdtimeout", "milliseconds for an answer of Redis, 0 for 1000", { $0.redisCmdTimeout }),
        ]
        return options.map { name, help, value in
            ConsoleFunction("list \(name)", help: help) { _ in
                let value = value(configuration.current)
                return ConsoleReply("\(value)\n", data: [name: .count(value)])
            }
        }
    }

    // MARK: Log levels

    private static func level(_ subsystem: LogSubsystem, _ configuration: Configuration) -> Int {
        configuration.logLevels[subsystem] ?? configuration.logLevel
    }

    private static func logLevels(_ configuration: LiveConfiguration) -> [any ConsoleCommand] {
        [
            ConsoleFunction("list loglevels", help: "the parts that have a log level of their own") { _ in
                let lines = LogSubsystem.allCases.map { "\($0.rawValue) - \($0.help)\n" }
                return ConsoleReply(lines.joined(), data: .list(LogSubsystem.allCases.map { .string($0.rawValue) }))
            },
            ConsoleFunction("list loglevel", "[PART]", help: "log levels") { words in
                let now = configuration.current
                guard let word = words.first else {
                    var data = ReportObject()
                    for part in LogSubsystem.allCases { data.append(part.rawValue, level(part, now)) }
                    let lines = LogSubsystem.allCases.map { "\($0.rawValue) = \(level($0, now))\n" }
                    return ConsoleReply(lines.joined(), data: .object(data))
                }
                guard let part = LogSubsystem(rawValue: word) else { return .failure("No such part '\(word)'\n") }
                return ConsoleReply("\(level(part, now))\n", data: .count(level(part, now)))
            },
            ConsoleFunction("set loglevel", "[PART] 0-7", help: "log level of one part, or of all") { words in
                setLevel(words, in: configuration)
            },
        ]
    }

    private static func setLevel(_ words: [String], in configuration: LiveConfiguration) -> ConsoleReply {
        guard let level = words.last, words.count <= 2 else { return .failure("More parameters required.\n") }
        var parts = LogSubsystem.allCases
        if words.count == 2 {
            guard let part = LogSubsystem(rawValue: words[0]) else { return .failure("No such part '\(words[0])'\n") }
            parts = [part]
        }
        let problem = change(configuration) { (now) throws(OptionError) in
            if words.count == 1 { try now.set("log-level", to: level) }
            for part in parts { try now.set("log-level-\(part.rawValue)", to: level) }
        }
        if let problem { return .failure("Fail setting loglevel to \(level); \(problem)\n") }
        return ConsoleReply("Success setting loglevel to \(level)\n")
    }

    // MARK: Parameters

    private static func parameters(_ configuration: LiveConfiguration) -> [any ConsoleCommand] {
        @Sendable func dump(_ parameters: [Parameter]) -> ConsoleReply {
            var data = ReportObject()
            for parameter in parameters { data.append(parameter.name, .string(parameter.value)) }
            return ConsoleReply(
                parameters.map { "\($0.name) = \($0.value)\n" }.joined(), data: .object(data))
        }
        return [
            ConsoleFunction("params start", help: "options as they were at the start") { _ in
                dump(configuration.start.parameters)
            },
            ConsoleFunction("params current", help: "options as they are now") { _ in
                dump(configuration.current.parameters)
            },
            ConsoleFunction("params diff", help: "options that have changed since the start") { _ in
                let lines = configuration.differences
                return ConsoleReply(lines.map { "\($0)\n" }.joined(), data: .list(lines.map { .string($0) }))
            },
            ConsoleFunction("params revert", help: "all options as they were at the start") { _ in
                configuration.revert()
                return ConsoleReply("")
            },
        ]
    }

    /// Fewer are refused, as rtpengine does: a call may take four.
    private static let fewestOpenFiles: UInt = 65_536

    private static let setOpenFiles = ConsoleFunction(
        "set maxopenfiles", "N", help: "descriptors that we may open, 65536 or more"
    ) { words in
        guard words.count == 1, let count = UInt(words[0]), count <= Int32.max else {
            return .failure("More parameters required.\n")
        }
        guard count >= fewestOpenFiles else {
            return .failure("Fail setting open_files to \(count); can't set it under \(fewestOpenFiles)\n")
        }
        do throws(SystemError) { try SystemService.setOpenFiles(count) } catch {
            return .failure("Fail setting open_files to \(count); errno = \(error.errno)\n")
        }
        return ConsoleReply("Success setting open_files to \(count)\n")
    }

    private static let openFiles = ConsoleFunction("list maxopenfiles", help: "descriptors that we may open") { _ in
        let limits = (try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8)) ?? ""
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
        let number = line.dropFirst("Max open files".count).split(separator: " ").first ?? "unknown"
        let process = ProcessInfo.processInfo.processIdentifier
        return ConsoleReply(
            "Maximum open-files configured on rtpengine: \(number); cat /proc/\(process)/limits\n",
            data: ["maxopenfiles": .string(String(number))])
    }
}

extension LogSubsystem {
    fileprivate var help: String {
        switch self {
        case .core: "Everything that isn't part of another subsystem"
        case .spandsp: "Log messages generated by SpanDSP directly"
        case .ffmpeg: "Log messages generated by ffmpeg directly"
        case .transcoding: "Media and RTP transcoding"
        case .codec: "Codec negotiation"
        case .rtcp: "RTCP handling"
        case .ice: "ICE negotiation"
        case .crypto: "Negotiation of SRTP, crypto suites, DTLS, SDES"
        case .srtp: "SRTP encryption and decryption"
        case .internals: "Noisy low-level internals"
        case .http: "HTTP, HTTPS, Websockets"
        case .control: "Control protocols including SDP exchanges, CLI"
        case .dtx: "DTX timer/buffer"
        }
    }
}
