/// Hears when the change index has changed, by keyspace notification. What has changed is not in the message, and a
/// message may get lost: it only spares the follower some waiting.
final class RedisSubscription {
    /// How often a follower looks by itself where the server neither sends notifications nor lets us turn them on.
    private static let pollInterval = Duration.milliseconds(100)

    private let connection: RedisConnection
    private let isNotified: Bool

    init(
        _ location: RedisLocation, at endpoint: RedisLocation.Endpoint, patience: RedisPatience, key: [UInt8]
    ) throws(StoreError) {
        connection = try RedisConnection(to: endpoint, patience: patience)
        try RedisSession.authenticate(connection, location)
        let isTurnedOn = try Self.turnOn(connection)
        var commands = RedisCommand()
        commands.begin(2)
        commands.word("SUBSCRIBE")
        commands.word(Array("__keyspace@\(location.database)__:".utf8) + key)
        // A user that may not listen to this channel is told so; then it is as if nobody spoke.
        isNotified = try connection.exchange(commands)[0].elements != nil && isTurnedOn
    }

    /// Sees to it that changes of sorted sets (`z`) are told by key (`K`).
    private static func turnOn(_ connection: RedisConnection) throws(StoreError) -> Bool {
        let name = "notify-keyspace-events"
        let reply = try connection.call("CONFIG", "GET", name)
        guard let flags = reply.elements?.last?.text else { return false }
        if flags.contains("K"), flags.contains("z") || flags.contains("A") { return true }
        // What others have asked for stays.
        if case .status = try connection.call("CONFIG", "SET", name, flags + "Kz") { return true }
        return false
    }

    /// Waits for a message, for the bell, or until the time is over.
    func wait(_ limit: Duration, or bell: Bell) throws(StoreError) {
        let limit = isNotified ? limit : min(limit, Self.pollInterval)
        guard bell.wait(limit, orInputOn: connection.descriptor) else { return }
        // One look at the index answers all of them.
        try connection.readInput()
        while try connection.replyAtHand() != nil {}
    }
}
