/// A syslog facility, by number (RFC 5424 §6.2.1).
package struct LogFacility: Hashable, Codable, Sendable {
    /// 0 to 23.
    package let number: Int

    /// The names that syslog.conf knows.
    private static let numbers = [
        "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8,
        "cron": 9, "authpriv": 10, "ftp": 11, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20,
        "local5": 21, "local6": 22, "local7": 23,
    ]

    /// The facility of system services.
    package static let daemon = LogFacility(number: 3)

    private init(number: Int) { self.number = number }

    /// The facility of that name.
    package init(_ name: String) throws(ValueProblem) {
        guard let number = Self.numbers[name] else {
            throw ValueProblem("'\(name)' is not a syslog facility (daemon, user, local0 to local7, …)")
        }
        self.number = number
    }
}

/// How a log line names the call that it is about.
package enum LogFormat: String, CaseIterable, Codable, Sendable {
    /// `[call-id]: `
    case `default`
    /// `[ID="call-id"]: `
    case parsable
}

/// The parts of the relay that have a log level of their own, by rtpengine's names.
package enum LogSubsystem: String, CaseIterable, Codable, Sendable {
    case core, spandsp, ffmpeg, transcoding, codec, rtcp, ice, crypto, srtp, internals, http, control, dtx

    /// The relay logs something as this part.
    package var isUsed: Bool { self == .core || self == .control }
}
