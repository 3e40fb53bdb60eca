/// Where a Redis is to be found, as an option names it.
///
/// - `[PASSWORD@]HOST:PORT[/DATABASE]`, as rtpengine has it, or
/// - `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or
/// - `sentinel://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/MASTER[/DATABASE]`: Sentinels that know the master.
///
/// An IPv6 address stands in brackets. Host names are looked up for each connection anew.
public struct RedisLocation: Hashable, Sendable {
    /// A host and a port.
    public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
        /// A name or an address.
        public var host: String
        /// Over TCP.
        public var port: UInt16

        /// A server at a port.
        public init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

        /// `HOST:PORT`.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// The server, or the Sentinels.
    public var endpoints: [Endpoint]
    /// What Sentinel calls the master; `nil` for a server of its own.
    public var masterName: String?
    /// Of the server's access list; `nil` for the default one.
    public var user: String?
    /// `nil` where none is asked for.
    public var password: String?
    /// Number of the database.
    public var database: Int

    /// - Parameter masterName: what Sentinel calls the master, if these are Sentinels.
    public init(_ endpoints: [Endpoint], masterName: String? = nil, database: Int = 0) {
        (self.endpoints, self.masterName, self.database) = (endpoints, masterName, database)
    }

    /// The largest number of a database; Redis itself has 16 unless told otherwise.
    private static let databases = 0...65_535
    private static let redisPort: UInt16 = 6379
    private static let sentinelPort: UInt16 = 26379

    /// Reads an option's value; `nil` when it has none of the forms above.
    public init?(_ text: String) {
        if let rest = Self.rest(of: text, after: "sentinel://") {
            self.init(Substring(rest), isSentinel: true, defaultPort: Self.sentinelPort)
        } else if let rest = Self.rest(of: text, after: "redis://") {
            self.init(Substring(rest), isSentinel: false, defaultPort: Self.redisPort)
        } else {
            guard !text.contains("://") else { return nil }
            self.init(Substring(text), isSentinel: false, defaultPort: nil)
        }
    }

    private static func rest(of text: String, after prefix: String) -> Substring? {
        text.lowercased().hasPrefix(prefix) ? text.dropFirst(prefix.count) : nil
    }

    /// - Parameter defaultPort: `nil` when the port must be there; the part before `@` is then the password alone.
    private init?(_ text: Substring, isSentinel: Bool, defaultPort: UInt16?) {
        var rest = text
        var (user, password): (String?, String?)
        if let at = rest.lastIndex(of: "@") {
            let secret = rest[..<at]
            rest = rest[rest.index(after: at)...]
            if defaultPort != nil {
                let parts = secret.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                user = parts[0].isEmpty ? nil : String(parts[0])
                password = String(parts[1])
            } else {
                password = String(secret)
            }
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard let hosts = parts.popFirst() else { return nil }
        var endpoints: [Endpoint] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            guard let endpoint = Self.endpoint(host, defaultPort: defaultPort) else { return nil }
            endpoints.append(endpoint)
        }
        guard isSentinel || endpoints.count == 1 else { return nil }
        self.init(endpoints)
        if isSentinel {
            guard let name = parts.popFirst(), !name.isEmpty else { return nil }
            masterName = String(name)
        }
        if let number = parts.popFirst(), !number.isEmpty {
            guard let database = Int(number), Self.databases.contains(database) else { return nil }
            self.database = database
        }
        guard parts.isEmpty else { return nil }
        (self.user, self.password) = (user, password?.isEmpty == true ? nil : password)
    }

    private static func endpoint(_ text: Substring, defaultPort: UInt16?) -> Endpoint? {
        var (host, port): (Substring, Substring?)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { return nil }
            (host, port) = (parts[0], parts.count == 2 ? parts[1] : nil)
        }
        let isPlain = host.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
        guard !host.isEmpty, host.count <= 255, isPlain else { return nil }
        guard let port else { return defaultPort.map { Endpoint(host: String(host), port: $0) } }
        guard let number = UInt16(port), number > 0, !port.hasPrefix("+") else { return nil }
        return Endpoint(host: String(host), port: number)
    }
}

extension RedisLocation: CustomStringConvertible {
    /// Without user and password: this goes into logs.
    public var description: String {
        let hosts = endpoints.map(\.description).joined(separator: ",")
        return masterName.map { "sentinel://\(hosts)/\($0)/\(database)" } ?? "\(hosts)/\(database)"
    }
}
