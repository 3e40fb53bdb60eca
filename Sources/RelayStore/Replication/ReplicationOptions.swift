/// How a relay shares its calls.
public struct ReplicationOptions: Sendable {
    /// The name of this relay, unlike all others of the group.
    public var node: String
    /// How long a live call's record is kept without its owner's word; refreshed in time while the owner lives.
    public var expiry = Duration.seconds(86_400)
    /// How long an ending is kept, by the store and by relays. One that was away for longer compares everything, and
    /// trusts nothing that it knew of others' calls.
    package var endingLifetime = StoreLimits.endingLifetime
    /// How often a relay looks for what it may forget, and for records to refresh, at most.
    package var tidying = Duration.seconds(60)
    /// A relay that has been there for so long has offered everything it has, and knows all that others have of its calls.
    package var patience = Duration.seconds(10)
    /// So many failures in a row are followed by another try at once, or shortly; `nil` for no limit.
    public var allowedErrors: Int?
    /// After more failures than that, the pause between two tries.
    public var disableTime = Duration.seconds(10)
    /// What other relays get to know about this one: the addresses on which it has calls.
    public var addresses: [String] = []

    /// The usual ones.
    public init(node: String) { self.node = node }
}
