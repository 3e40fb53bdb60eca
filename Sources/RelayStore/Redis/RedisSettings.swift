/// How the store in Redis is reached.
public struct RedisSettings: Sendable {
    /// Where records are read from, and written to unless `writing` says otherwise.
    public var location: RedisLocation
    /// The master, when `location` is a replica.
    public var writing: RedisLocation?
    /// Where wake-ups come from, when it is neither.
    public var subscription: RedisLocation?
    /// The name of the group: all its keys begin with it.
    public var cluster = "relay"
    /// How long the server may take.
    public var patience = RedisPatience()

    /// - Parameter location: of the server, or of the Sentinels that know it.
    public init(_ location: RedisLocation) { self.location = location }
}

/// The keys of a group. Everything that we ever touch begins with the group's name and a colon.
struct RedisKeys: Sendable {
    /// Calls by the number of their latest change: a sorted set.
    let changes: [UInt8]
    /// Of the last change: a number.
    let sequence: [UInt8]
    /// Ended calls by the time (ms) at which their records are gone: a sorted set.
    let endings: [UInt8]
    /// Drawn when the store was empty.
    let incarnation: [UInt8]
    /// The highest number that was removed from the changes.
    let pruned: [UInt8]
    /// Relays by the time (ms) of their last announcement: a sorted set.
    let nodes: [UInt8]
    private let callPrefix: [UInt8]
    private let nodePrefix: [UInt8]
    private let notePrefix: [UInt8]

    init(cluster: String) {
        changes = Array("\(cluster):changes".utf8)
        sequence = Array("\(cluster):sequence".utf8)
        endings = Array("\(cluster):endings".utf8)
        incarnation = Array("\(cluster):incarnation".utf8)
        pruned = Array("\(cluster):pruned".utf8)
        nodes = Array("\(cluster):nodes".utf8)
        callPrefix = Array("\(cluster):call:".utf8)
        nodePrefix = Array("\(cluster):node:".utf8)
        notePrefix = Array("\(cluster):note:".utf8)
    }

    /// The record of a call.
    func call(_ id: [UInt8]) -> [UInt8] { callPrefix + id }

    /// What a relay says about itself.
    func node(_ name: [UInt8]) -> [UInt8] { nodePrefix + name }

    /// What a relay wants another one to know. No name has a `>`.
    func note(from node: String, for other: String) -> [UInt8] { notePrefix + Array("\(other)>\(node)".utf8) }
}
