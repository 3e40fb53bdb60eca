internal import DaemonOptions
internal import Logging
internal import RelayCore
internal import RelayOperations

extension RecordWriter {
    /// Writes what the options ask for: call detail records to syslog, final statistics to the log.
    convenience init(_ configuration: Configuration, _ settings: LogSettings, _ log: Logger) throws(SystemError) {
        let facility = configuration.logFacilityCDR
        let information = 6  // syslog severity (RFC 5424 §6.2.1)
        try self.init(
            isWanted: {
                facility != nil || settings.severity(of: RelayLogHandler.defaultSubsystem) >= information
            },
            write: { record in
                if let facility { SystemService.log(facility: facility.number, severity: information, record.line) }
                guard settings.severity(of: RelayLogHandler.defaultSubsystem) >= information else { return }
                let metadata: Logger.Metadata = [RelayLogHandler.callIDKey: "\(record.report.callID)"]
                for line in record.statistics { log.info("\(line)", metadata: metadata) }
            },
            tellLoss: { log.error("\($0) calls have ended without a record: syslog was stuck or slow") })
    }
}
