internal import RelayCore

extension OptionTable {
    private static let seconds = 0...Int(Int32.max)
    private static let milliseconds = 0...Int(Int32.max)
    /// The highest number of a database that we take; Redis itself has 16 unless told otherwise.
    private static let databases = -1...65_535

    /// Calls shared with other relays through Redis.
    static let sharing: [OptionDefinition] = [
        .value("redis", short: "r", "[PW@]IP:PORT[/DB]", "share calls through Redis; also redis:// and sentinel://") {
            (configuration, text) throws(ValueProblem) in
            configuration.redis = try ValueParsing.text(text)
        },
        .value("redis-write", short: "w", "[PW@]IP:PORT[/DB]", "write there, when --redis is a replica") {
            (configuration, text) throws(ValueProblem) in
            configuration.redisWrite = try ValueParsing.text(text)
        },
        .value("redis-subscribe", "[PW@]IP:PORT[/DB]", "be woken up from there (--redis)") {
            (configuration, text) throws(ValueProblem) in
            configuration.redisSubscribe = try ValueParsing.text(text)
        },
        .list("subscribe-keyspace", short: "k", "DB", "the other relays' databases: the lowest of all is shared") {
            (configuration, values) throws(ValueProblem) in
            configuration.subscribeKeyspace = []
            for text in values { configuration.subscribeKeyspace.append(try ValueParsing.integer(text, in: databases)) }
        },
        .integer(
            "redis-expires", \.redisExpires, in: 60...Int(Int32.max), "SECS",
            "keep the calls of a relay that is gone (86400)"),
        .flag("no-redis-required", short: "q", \.noRedisRequired, "start without Redis, too"),
        .integer(
            "redis-allowed-errors", \.redisAllowedErrors, in: Int(Int32.min)...Int(Int32.max), atLeast: -1, "INT",
            "after more failures in a row, leave Redis alone for a while; -1: never (-1)"),
        .integer("redis-disable-time", \.redisDisableTime, in: seconds, "SECS", "that while (10)"),
        .integer("redis-cmd-timeout", \.redisCmdTimeout, in: milliseconds, "MS", "wait for an answer, 0 for 1000 (0)"),
        .integer(
            "redis-connect-timeout", \.redisConnectTimeout, in: milliseconds, "MS", "wait for a connection (1000)"),
        .value("node", "NAME", "our name among the relays that share calls (the host's name)") {
            (configuration, text) throws(ValueProblem) in configuration.node = try name(text)
        },
        .value("cluster", "NAME", "the name of those relays together (relay)") {
            (configuration, text) throws(ValueProblem) in configuration.cluster = try name(text)
        },
    ]

    /// A name that can be part of a key and of a record.
    private static func name(_ text: String) throws(ValueProblem) -> String {
        guard RelayName.isValid(text) else {
            throw ValueProblem(
                "'\(text)' is not a name: use letters, digits, '.', '-' and '_', at most \(RelayName.maximumLength)")
        }
        return text
    }
}
