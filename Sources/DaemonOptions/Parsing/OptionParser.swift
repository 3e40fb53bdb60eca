internal import WireFormat

/// What the options ask for.
package enum ParseResult: Equatable, Sendable {
    /// Run; the notices belong into the log at start.
    case run(Configuration, notices: [OptionNotice])
    /// Print this text and end.
    case help(String)
    /// Print the version and end.
    case version
}

/// A line for the log at start: something was accepted but deserves a word.
package struct OptionNotice: Equatable, Sendable {
    package enum Level: Equatable, Sendable { case information, notice, warning }
    package let level: Level
    package let text: String

    package init(_ level: Level, _ text: String) { (self.level, self.text) = (level, text) }
}

extension Configuration {
    /// The file that is read when the command line names none.
    package static let defaultFile = "/etc/rtpengine/rtpengine.conf"

    /// Reads the command line and, where it says so, the configuration file.
    ///
    /// - Parameters:
    ///   - arguments: without the name of the program.
    ///   - environment: only looked at for what rtpengine takes from there.
    ///   - host: what the names in options mean here.
    ///   - readFile: reads a file of text.
    package static func parse(
        arguments: [String], environment: [String: String] = [:], host: HostNetwork = .none,
        readFile: (String) -> FileContents
    ) throws(OptionError) -> ParseResult {
        let scanner = try CommandLineScanner(arguments)
        let names = scanner.settings.filter { !$0.isOff }.map(\.option.name)
        if names.contains("help") { return .help(OptionTable.helpText) }
        if names.contains("version") { return .version }
        if let errand = names.lazy.compactMap({ OptionTable.errands[$0] }).first { return .help(errand) }
        var parser = OptionParser(commandLine: scanner.settings, host: host)
        parser.takePasswords(environment)
        try parser.readFile(with: readFile)
        try parser.apply()
        return .run(parser.configuration, notices: parser.notices)
    }
}

/// Brings command line and file together.
struct OptionParser {
    static let defaultSection = "rtpengine"

    private let commandLine: [OptionSetting]
    private let host: HostNetwork
    private var file: [OptionSetting] = []
    /// The file as it is, for other sections.
    private var fileText: (text: String, path: String)?
    private(set) var configuration = Configuration()
    private(set) var notices: [OptionNotice] = []

    init(commandLine: [OptionSetting], host: HostNetwork) { (self.commandLine, self.host) = (commandLine, host) }

    private func early(_ name: String) -> String? { commandLine.last { $0.option.name == name }?.values.last }

    /// Secrets come by the environment, since everybody can see a command line.
    mutating func takePasswords(_ environment: [String: String]) {
        configuration.redisPassword = environment["RTPENGINE_REDIS_AUTH_PW"]
        configuration.redisWritePassword = environment["RTPENGINE_REDIS_WRITE_AUTH_PW"]
        configuration.redisSubscribePassword = environment["RTPENGINE_REDIS_SUBSCRIBE_AUTH_PW"]
    }

    mutating func readFile(with read: (String) -> FileContents) throws(OptionError) {
        let path = early("config-file") ?? Configuration.defaultFile
        guard path != "none" else { return }
        let section = early("config-section") ?? Self.defaultSection
        switch read(path) {
        case .missing:
            guard early("config-file") == nil else {
                throw OptionError("'\(path)' does not exist", option: "config-file", at: .commandLine)
            }
            notices.append(
                OptionNotice(
                    .notice, "there is no \(path): options that the command line does not name have their defaults"))
        case .unreadable(let reason):
            throw OptionError("'\(path)' cannot be read: \(reason)", option: "config-file", at: .commandLine)
        case .text(let text):
            fileText = (text, path)
            guard let entries = try ConfigurationFile(text, section: section, path: path).entries else {
                guard early("config-section") == nil else {
                    throw OptionError(
                        "'\(path)' has no section [\(section)]", option: "config-section", at: .commandLine)
                }
                notices.append(OptionNotice(.warning, "\(path) has no section [\(section)] and was not used"))
                return
            }
            for entry in entries { try take(entry, from: path) }
        }
    }

    private mutating func take(_ entry: ConfigurationFile.Entry, from path: String) throws(OptionError) {
        let location = OptionError.Location.file(path: path, line: entry.line)
        guard let option = OptionTable.option(named: entry.key) else {
            notices.append(OptionNotice(.warning, "\(path):\(entry.line): '\(entry.key)' is not an option"))
            return
        }
        if case .early = option.use {
            notices.append(OptionNotice(.warning, "\(path):\(entry.line): '\(entry.key)' has no effect in a file"))
            return
        }
        if file.contains(where: { $0.option.name == option.name }) {
            notices.append(OptionNotice(.warning, "\(path):\(entry.line): '\(entry.key)' again; the last one counts"))
            file.removeAll { $0.option.name == option.name }
        }
        file.append(try OptionSetting(option, entry.value, at: location))
    }

    /// Takes the values over: those of the command line, and those of the file that it does not mention.
    mutating func apply() throws(OptionError) {
        let given = Set(commandLine.map(\.option.name))
        let settings = file.filter { !given.contains($0.option.name) } + commandLine
        var seen: Set<String> = []
        for setting in settings where seen.insert(setting.option.name).inserted {
            let same = settings.filter { $0.option.name == setting.option.name }
            if same.last?.isOff == true { continue }
            try apply(setting.option, same.flatMap(\.values), at: setting.location)
        }
        try readInterfaces()
        try readTemplates()
        try check()
        if configuration.interfaces.isEmpty { configuration.interfaces = ["127.0.0.1"] }
        if configuration.listenNG.isEmpty, configuration.listenTCPNG.isEmpty {
            configuration.listenNG = [TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: 2223)]
        }
    }

    private mutating func apply(
        _ option: OptionDefinition, _ values: [String], at location: OptionError.Location
    ) throws(OptionError) {
        switch option.use {
        case .apply(let apply):
            do {
                try apply(&configuration, values)
            } catch {
                throw OptionError(error.text, option: option.name, at: location)
            }
        case .applyWithHost(let apply):
            do {
                try apply(&configuration, values, host)
            } catch {
                throw OptionError(error.text, option: option.name, at: location)
            }
        case .early: break
        case .notBuilt: notices.append(OptionNotice(.warning, "option '\(option.name)' has no effect yet"))
        case .ignored: notices.append(OptionNotice(.information, "option '\(option.name)' is accepted and ignored"))
        }
    }

    /// Reads the sections that describe interfaces: `[PREFIX-NAME]` with `address`, `advertised`, `name` and `alias`.
    private mutating func readInterfaces() throws(OptionError) {
        guard let prefix = configuration.interfaceSections else { return }
        let option = "interfaces-config"
        guard let (text, path) = fileText else { throw OptionError("there is no configuration file", option: option) }
        let sections = ConfigurationFile.sections(in: text, after: prefix + "-")
        guard !sections.isEmpty else { throw OptionError("'\(path)' has no section [\(prefix)-NAME]", option: option) }
        for suffix in sections {
            let section = "\(prefix)-\(suffix)"
            let entries = try ConfigurationFile(text, section: section, path: path).entries ?? []
            try addInterface(named: suffix, entries, section: section, path: path)
        }
    }

    private mutating func addInterface(
        named suffix: String, _ entries: [ConfigurationFile.Entry], section: String, path: String
    ) throws(OptionError) {
        func value(_ key: String) -> String? { entries.last { $0.key == key }?.value }
        for entry in entries where !["address", "advertised", "name", "alias"].contains(entry.key) {
            notices.append(
                OptionNotice(.warning, "\(path):\(entry.line): '\(entry.key)' has no effect in [\(section)]"))
        }
        let name = value("name") ?? suffix
        if let alias = value("alias") {
            configuration.interfaceAliases[name] = alias
            return
        }
        guard let address = value("address") else {
            throw OptionError("[\(section)] has neither 'address' nor 'alias'", option: "interfaces-config")
        }
        let advertised = value("advertised").map { "!\($0)" } ?? ""
        do throws(ValueProblem) {
            configuration.interfaces += try ValueParsing.interfaces("\(name)/\(address)\(advertised)", on: host)
        } catch {
            throw OptionError("[\(section)]: \(error.text)", option: "interfaces-config")
        }
    }

    /// Reads the section with the templates: `NAME = FLAGS`.
    private mutating func readTemplates() throws(OptionError) {
        guard let section = configuration.templateSection else { return }
        guard let (text, path) = fileText,
            let entries = try ConfigurationFile(text, section: section, path: path).entries
        else { throw OptionError("the configuration file has no section [\(section)]", option: "templates") }
        for entry in entries { configuration.templates[entry.key] = entry.value }
    }

    /// What no option can tell alone.
    private mutating func check() throws(OptionError) {
        for part in LogSubsystem.allCases where configuration.logLevels[part] != nil && !part.isUsed {
            notices.append(
                OptionNotice(
                    .information, "option 'log-level-\(part)' has no effect: no line of the log is of that part"))
        }
        let (low, high) = (Int(configuration.portMin), Int(configuration.portMax))
        // RFC 3550 §11: RTP on an even port, RTCP on the next one.
        guard low + low % 2 + 1 <= high else {
            throw OptionError("no room for a pair of ports between port-min (\(low)) and port-max (\(high))")
        }
        let names = (configuration.interfaces + configuration.backupInterfaces).compactMap { text in
            text.firstIndex(of: "/").map { String(text[..<$0]) }
        }
        for (alias, name) in configuration.interfaceAliases.sorted(by: { $0.key < $1.key })
        where name != "default" && !names.contains(where: { $0 == name || $0.hasPrefix(name + ":") }) {
            throw OptionError("'\(alias)=\(name)': there is no interface of that name", option: "interface")
        }
        guard configuration.table < 0 else { return }
        guard !configuration.flushKernel else {
            throw OptionError("there is no table without --table=N, N being 0 or more", option: "flush-kernel")
        }
        // rtpengine starts then, too.
        if configuration.noFallback {
            notices.append(OptionNotice(.warning, "option 'no-fallback' has no effect without a table"))
        }
    }
}
