import ArgumentParser

/// Load generator and demonstration client for media relays that speak the NG protocol.
@main
struct RelayBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay-bench",
        abstract: "Puts calls through a media relay that speaks the NG protocol, and measures what it does with them.",
        discussion: """
            "call" shows one call through a running relay. "media" and "control" put load on it. \
            "failover" counts what calls lose while things break. "compare" starts two \
            relays in turn, rtpengine and relayd, and prints both sides; "replication" does so with a Redis behind both. \
            "soak" looks for what a relay keeps of a million calls, "overload" at what it does with more than it can carry.
            """,
        subcommands: [
            CallCommand.self, MediaCommand.self, ControlCommand.self, FailoverCommand.self, CompareCommand.self,
            ReplicationCommand.self, SoakCommand.self, OverloadCommand.self, FloodCommand.self,
            ForwardCommand.self,
        ])
}
