internal import Logging
internal import WireFormat

/// Writes `INFO: [call-id]: [subsystem] text`.
///
/// The metadata keys `call-id` and `subsystem` make the prefix; other metadata follows the text.
struct RelayLogHandler: LogHandler {
    static let callIDKey = "call-id"
    static let subsystemKey = "subsystem"
    static let defaultSubsystem = "core"

    private let settings: LogSettings
    private let write: @Sendable (_ severity: Int, _ line: String) -> Void
    private var ownLevel: Logger.Level?
    private var subsystem = RelayLogHandler.defaultSubsystem
    var metadata: Logger.Metadata = [:] {
        didSet { subsystem = metadata[Self.subsystemKey]?.description ?? Self.defaultSubsystem }
    }
    var metadataProvider: Logger.MetadataProvider?

    /// - Parameter write: where lines go; must not wait.
    init(_ settings: LogSettings, write: @escaping @Sendable (_ severity: Int, _ line: String) -> Void) {
        (self.settings, self.write) = (settings, write)
    }

    /// What is set here counts; otherwise the options, also when they change.
    var logLevel: Logger.Level {
        get { ownLevel ?? Self.level(severity: settings.severity(of: subsystem)) }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        let callID = all.removeValue(forKey: Self.callIDKey).map { settings.mark(callID: $0.description) } ?? ""
        let subsystem = all.removeValue(forKey: Self.subsystemKey)?.description ?? Self.defaultSubsystem
        var line = "\(Self.name(event.level)): \(callID)[\(subsystem)] \(event.message)"
        if let error = event.error { line += ": \(error)" }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
        // A line may name another subsystem than its logger, and swift-log has no level for silence.
        let severity = Self.severity(event.level)
        guard ownLevel != nil || severity <= settings.severity(of: subsystem) else { return }
        write(severity, Self.escaped(line, limit: settings.options.longestLine))
    }

    /// One line without control characters: call-ids and header values are the peer's to choose.
    static func escaped(_ text: String, limit: Int) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            if PlainText.isControl(scalar) {
                result.append(
                    contentsOf: "\\x\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// How rtpengine writes a level.
    private static func name(_ level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "NOTICE"
        case .warning: "WARNING"
        case .error: "ERR"
        case .critical: "CRIT"
        }
    }

    private static func severity(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func level(severity: Int) -> Logger.Level {
        switch severity {
        case ..<3: .critical
        case 3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .trace
        }
    }
}
