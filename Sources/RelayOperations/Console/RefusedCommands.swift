/// Commands of rtpengine's console that make no sense here; they say why.
package enum RefusedCommands {
    /// All of them.
    package static let all: [any ConsoleCommand] =
        ["active", "standby"].map {
            refused($0, "Calls are taken over by address or by command, not all at once.")
        }
        + ["ksadd", "ksrm", "kslist"].map {
            refused($0, "Relays follow each other by the options at the start, not by keyspaces.")
        }
        + [
            refused("debug", "There is no log level of a single call; use 'set loglevel'."),
            refused("media", "Media is not played."),
            refused("set maxopenfiles", "The limit is the service manager's: set LimitNOFILE there."),
            refused("set redisdisable", "Redis is never in the way of calls: there is nothing to disable."),
        ]

    private static func refused(_ path: String, _ reason: String) -> any ConsoleCommand {
        ConsoleFunction(path, help: "not here: \(reason)") { _ in .failure("Not available: \(reason)\n") }
    }
}
