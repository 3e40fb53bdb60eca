internal import DaemonOptions
internal import Logging
internal import RelayCore
internal import RelayFailover
internal import WireFormat

extension Relay.Configuration {
    /// The relay that the options ask for.
    init(_ options: Configuration, log: Logger) {
        self.init(interfaces: options.interfaces.compactMap { MediaInterface($0) })
        for text in options.backupInterfaces {
            guard var interface = MediaInterface(text) else { continue }
            interface.isBackup = true
            interfaces.append(interface)
        }
        interfaceAliases = options.interfaceAliases
        sharesAddresses = !options.backupInterfaces.isEmpty
        node = options.node ?? SharedCalls.hostName
        ports = options.portMin...options.portMax
        tos = options.tos
        mediaThreads = options.mediaThreads
        pinsMediaThreads = options.socketCPUAffinity != 0
        maximumSessions = options.maxSessions
        endpointLearning = EndpointLearning(rawValue: options.endpointLearning.rawValue) ?? .heuristic
        ratesDelay = options.mos == .conversational
        timeouts.media = .seconds(options.timeout)
        timeouts.silent = .seconds(options.silentTimeout)
        timeouts.offer = .seconds(options.offerTimeout)
        timeouts.final = .seconds(options.finalTimeout)
        timeouts.deleteDelay = .seconds(options.deleteDelay)
        logger = log
    }
}

extension LogSettings {
    /// The log that the options ask for.
    convenience init(_ options: Configuration) {
        var log = Options()
        log.levels = LogSettings.Levels(options)
        // 0 means no limit, and that is not what a line from outside should have.
        log.longestLine = options.maxLogLineLength == 0 ? 65_536 : options.maxLogLineLength
        log.toStandardError = options.logStderr
        log.hasTimestamps = !options.noLogTimestamps
        log.isParsable = options.logFormat == .parsable
        (log.markPrefix, log.markSuffix) = (options.logMarkPrefix, options.logMarkSuffix)
        self.init(log)
    }
}

extension LogSettings.Levels {
    /// The levels that the options ask for.
    init(_ options: Configuration) {
        level = options.logLevel
        for (subsystem, level) in options.logLevels { bySubsystem["\(subsystem)"] = level }
    }
}

extension Relay {
    /// Takes over those of the options that may change while we run.
    func apply(_ options: DaemonOptions.Configuration) {
        let new = Configuration(options, log: Logger(label: "relayd"))
        changeSettings { settings in
            (settings.maximumSessions, settings.tos) = (new.maximumSessions, new.tos)
            (settings.endpointLearning, settings.timeouts) = (new.endpointLearning, new.timeouts)
        }
    }
}

extension AnnounceMethod {
    /// What `--announce` says; `nil` without it.
    init?(_ options: Configuration) throws(OptionError) {
        guard let text = options.announce else { return nil }
        guard let method = AnnounceMethod(text) else {
            throw OptionError(
                "'\(text)' is none of link:NAME, exabgp, exabgp:/PIPE and exec:COMMAND", option: "announce")
        }
        self = method
    }
}

extension Configuration {
    /// The templates as a request names them.
    var flagTemplates: [ByteString: ByteString] {
        Dictionary(uniqueKeysWithValues: templates.map { (ByteString($0.key), ByteString($0.value)) })
    }
    /// The addresses of `--interface`, each once.
    var homeAddresses: [IPAddress] { interfaces.compactMap { MediaInterface($0)?.local } }
    /// The addresses of `--backup-interface`.
    var backupAddresses: [IPAddress] { backupInterfaces.compactMap { MediaInterface($0)?.local } }
}
