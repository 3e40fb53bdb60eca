/// A Redis database: `[PASSWORD@]HOST:PORT[/DATABASE]`, or one that Sentinels name:
/// `sentinel://[PASSWORD@]HOST:PORT[,HOST:PORT…]/MASTER[/DATABASE]`.
package struct RedisAddress: Hashable, Sendable {
    package enum Server: Hashable, Sendable {
        case direct(ServerAddress)
        case sentinels([ServerAddress], master: String)
    }

    package let server: Server
    /// The number of the database; `nil` where the option may leave it out and did.
    package let database: Int?
    /// From the option itself or from the environment.
    package let password: Secret?

    private static let sentinelScheme = "sentinel://"
    /// More is a mistake: a Sentinel group has three or five members.
    private static let mostSentinels = 16

    /// Parses the option. The password never shows up in the error.
    package init(_ text: String, password fallback: Secret?) throws(ValueProblem) {
        var rest = text[...]
        let isSentinel = rest.hasPrefix(Self.sentinelScheme)
        if isSentinel { rest = rest.dropFirst(Self.sentinelScheme.count) }
        var password = fallback
        if let at = rest.lastIndex(of: "@") {
            password = Secret(String(rest[..<at]))
            rest = rest[rest.index(after: at)...]
        }
        self.password = password
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if isSentinel {
            guard parts.count == 2 || parts.count == 3, !parts[1].isEmpty else {
                throw ValueProblem("'\(rest)' is incomplete; write sentinel://HOST:PORT[,HOST:PORT]/MASTER[/DATABASE]")
            }
            let names = parts[0].split(separator: ",", omittingEmptySubsequences: false)
            guard names.count <= Self.mostSentinels else { throw ValueProblem("more than \(Self.mostSentinels) Sentinels") }
            var sentinels: [ServerAddress] = []
            for name in names { sentinels.append(try ServerAddress(name)) }
            server = .sentinels(sentinels, master: String(parts[1]))
            database = parts.count == 3 ? try Self.number(parts[2]) : nil
        } else {
            guard parts.count <= 2 else { throw ValueProblem("'\(rest)' has too many '/'; write HOST:PORT/DATABASE") }
            server = .direct(try ServerAddress(parts[0]))
            database = parts.count == 2 ? try Self.number(parts[1]) : nil
        }
    }

    private static func number(_ text: Substring) throws(ValueProblem) -> Int {
        guard let number = UInt16(text) else { throw ValueProblem("'\(text)' is not the number of a Redis database") }
        return Int(number)
    }
}

/// A text that no log line, error or dump may show.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself.
    package let revealed: String

    package init(_ text: String) { revealed = text }

    package var description: String { "(hidden)" }
    package var debugDescription: String { "(hidden)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
