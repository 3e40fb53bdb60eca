internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// SIGUSR1 makes the log more verbose, SIGUSR2 less; SIGHUP ends nothing.
struct LogLevelService: Service {
    let settings: LogSettings
    let log: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: [.sigusr1, .sigusr2, .sighup])
        for await signal in signals.cancelOnGracefulShutdown() {
            switch signal {
            case .sigusr1: settings.makeMoreVerbose(by: 1)
            case .sigusr2: settings.makeMoreVerbose(by: -1)
            default: log.notice("SIGHUP: options are read at start only; restart to change them")
            }
        }
    }
}
