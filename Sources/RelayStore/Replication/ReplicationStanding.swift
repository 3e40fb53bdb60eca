/// How a relay stands with the store and with the others at one moment, as far as routes and signs of life go by it.
///
/// It is asked for many times a second, and most of all while the store is away: nothing in it has to be counted.
package struct ReplicationStanding: Sendable {
    /// How this relay's calls compare with what the others know.
    package enum Step: Equatable, Sendable {
        /// Every change in the store has been taken over, as of the last second or two, and ours are there.
        case inStep
        /// Changes that are in the store are missing here, or may be.
        case behind
        /// The store cannot be read, or it has been read to its end and takes nothing: nobody knows more than this relay.
        case unreachable
    }

    package let step: Step
    /// Changes can be written now.
    package let canWrite: Bool
    /// The other relays, by name.
    package let peers: [ReplicationStatus.Peer]
}
