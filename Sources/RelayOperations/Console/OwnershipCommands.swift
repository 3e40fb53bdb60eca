package import RelayCore

/// `active` and `standby`, which scripts of rtpengine's operators call when an address moves.
package enum OwnershipCommands {
    /// - Parameter isShared: calls are shared with other relays.
    package static func all(_ relay: Relay, isShared: Bool) -> [any ConsoleCommand] {
        [
            ConsoleFunction("active", help: "take over all calls of other relays") { _ in
                relay.takeOverAll()
                return ConsoleReply("Ok, all calls set to 'owned (active)'\n")
            },
            ConsoleFunction("standby", help: "nothing: calls go to the relay that gets their packets") { _ in
                guard isShared else { return .failure("Not available: calls are not shared with other relays.\n") }
                return ConsoleReply("Ok, each call goes to the relay that gets its packets or commands\n")
            },
        ]
    }
}
