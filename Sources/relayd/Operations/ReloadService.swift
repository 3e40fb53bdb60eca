internal import DaemonOptions
internal import Logging
internal import RelayOperations
internal import ServiceLifecycle
internal import UnixSignals

/// SIGHUP reads the options again, SIGUSR1 makes the log less verbose, SIGUSR2 more. None of them ends anything.
struct ReloadService: Service {
    static let signals: [UnixSignal] = [.sigusr1, .sigusr2, .sighup]

    private let input: UnixSignalsSequence
    private let configuration: LiveConfiguration
    private let settings: LogSettings
    private let log: Logger
    private let parse: @Sendable () throws(OptionError) -> ParseResult

    /// - Parameters:
    ///   - input: where `signals` come from.
    ///   - parse: reads command line and file as at the start.
    init(
        _ input: UnixSignalsSequence, configuration: LiveConfiguration, settings: LogSettings, log: Logger,
        parse: @escaping @Sendable () throws(OptionError) -> ParseResult
    ) {
        (self.input, self.configuration, self.settings) = (input, configuration, settings)
        (self.log, self.parse) = (log, parse)
    }

    func run() async throws {
        for await signal in input.cancelOnGracefulShutdown() {
            switch signal {
            case .sigusr1: shiftLevel(by: -1, signal)
            case .sigusr2: shiftLevel(by: 1, signal)
            default: reload()
            }
        }
    }

    private func shiftLevel(by steps: Int, _ signal: UnixSignal) {
        configuration.change { $0.makeMoreVerbose(by: steps) }
        log.notice("\(signal): log level \(settings.severity(of: RelayLogHandler.defaultSubsystem))")
    }

    private func reload() {
        do throws(OptionError) {
            guard case .run(let new, let notices) = try parse() else { return }
            for notice in notices { log.log(level: Logger.Level(notice.level), "SIGHUP: \(notice.text)") }
            let reload = configuration.reload(new)
            if reload == LiveConfiguration.Reload() { log.notice("SIGHUP: the options have not changed") }
            for change in reload.applied { log.notice("SIGHUP: \(change)") }
            for change in reload.needRestart { log.warning("SIGHUP: takes a restart: \(change)") }
        } catch {
            log.error("SIGHUP: nothing changed: \(error)")
        }
    }
}
