internal import DaemonOptions
internal import Logging
internal import RelayOperations
internal import ServiceLifecycle
internal import UnixSignals

/// SIGHUP reads the options again, SIGUSR1 makes the log more verbose, SIGUSR2 less. None of them ends anything.
struct ReloadService: Service {
    let configuration: LiveConfiguration
    let settings: LogSettings
    let log: Logger
    /// Reads command line and file as at the start.
    let parse: @Sendable () throws(OptionError) -> ParseResult

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: [.sigusr1, .sigusr2, .sighup])
        for await signal in signals.cancelOnGracefulShutdown() {
            switch signal {
            case .sigusr1: settings.makeMoreVerbose(by: 1)
            case .sigusr2: settings.makeMoreVerbose(by: -1)
            default: reload()
            }
        }
    }

    private func reload() {
        do throws(OptionError) {
            guard case .run(let new, _) = try parse() else { return }
            let reload = configuration.reload(new)
            if reload == LiveConfiguration.Reload() { log.notice("SIGHUP: the options have not changed") }
            for change in reload.applied { log.notice("SIGHUP: \(change)") }
            for change in reload.needRestart { log.warning("SIGHUP: takes a restart: \(change)") }
        } catch {
            log.error("SIGHUP: nothing changed: \(error)")
        }
    }
}
