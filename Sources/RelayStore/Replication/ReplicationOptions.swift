/// How a relay shares its calls.
package struct ReplicationOptions: Sendable {
    /// The name of this relay, unlike all others of the group.
    package var node: String
    /// How long a live call's record is kept without its owner's word; refreshed in time while the owner lives.
    package var expiry = Duration.seconds(86_400)
    /// So many failures in a row are followed by another try at once, or shortly; `nil` for no limit.
    package var allowedErrors: Int?
    /// After more failures than that, the pause between two tries.
    package var disableTime = Duration.seconds(10)
    /// What other relays get to know about this one: the addresses on which it has calls.
    package var addresses: [String] = []

    package init(node: String) { self.node = node }
}
