/// Commands of rtpengine's console that make no sense here; they say why.
package enum RefusedCommands {
    /// All of them.
    package static let all: [any ConsoleCommand] =
        ["ksadd", "ksrm", "kslist"].map {
            refused($0, "Relays follow each other by the options at the start, not by keyspaces.")
        }
        + ["redisallowederrors", "redisdisabletime", "redisconnecttimeout", "rediscmdtimeout"].map {
            refused("set \($0)", "It takes a restart: calls never wait for Redis.")
        }
        + [
            refused("media", "Media is not played."),
            refused("set redisdisable", "Redis is never in the way of calls: there is nothing to disable."),
        ]

    private static func refused(_ path: String, _ reason: String) -> any ConsoleCommand {
        ConsoleFunction(path, help: "not here: \(reason)") { _ in .failure("Not available: \(reason)\n") }
    }
}
