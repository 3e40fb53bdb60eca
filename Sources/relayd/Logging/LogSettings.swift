internal import Synchronization

/// What all log handlers share. The level may change while we run.
final class LogSettings: Sendable {
    /// What the options say about the log.
    struct Options: Sendable {
        /// At the start.
        var levels = Levels()
        /// Standard error instead of syslog.
        var toStandardError = false
        /// On standard error.
        var hasTimestamps = true
        /// `[ID="call-id"]` instead of `[call-id]`.
        var isParsable = false
        /// Around call-ids.
        var markPrefix = ""
        var markSuffix = ""
        /// Of a line, in characters; part of it came from outside.
        var longestLine = 500
    }

    /// What is logged and what is not.
    struct Levels: Sendable {
        /// Syslog severity (RFC 5424 §6.2.1) up to which lines are logged.
        var level = 6
        /// Where a subsystem has a level of its own; negative silences it.
        var bySubsystem: [String: Int] = [:]
    }

    let options: Options
    private let levels: Mutex<Levels>

    /// Silence has a severity of its own, below all others.
    static let silent = -1
    private static let mostVerbose = 7

    init(_ options: Options) {
        self.options = options
        levels = Mutex(options.levels)
    }

    /// Logs more or less from now on.
    func setLevels(_ levels: Levels) { self.levels.withLock { $0 = levels } }

    /// The most verbose severity that is logged for a subsystem.
    func severity(of subsystem: String) -> Int {
        let level = levels.withLock { $0.bySubsystem[subsystem] ?? $0.level }
        return level >= 0 ? min(level, Self.mostVerbose) : Self.silent
    }

    /// How a line names its call.
    func mark(callID: String) -> String {
        let marked = options.markPrefix + callID + options.markSuffix
        return options.isParsable ? "[ID=\"\(marked)\"]: " : "[\(marked)]: "
    }
}
