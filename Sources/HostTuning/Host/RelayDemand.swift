package import WireFormat

/// What a relay wants of its host: what its options say.
package struct RelayDemand: Equatable, Sendable {
    /// Where media comes in, backups included.
    package var addresses: [IPAddress] = []
    package var ports: ClosedRange<UInt16> = 30_000...39_999
    /// `nil` for one on each core.
    package var mediaThreads: Int?
    /// Media threads stay on cores of their own (`socket-cpu-affinity`).
    package var isPinned = false
    /// Settled calls are forwarded in the kernel (`table`).
    package var usesKernel = false
    /// Every port has a socket (`port-sockets=each`).
    package var hasSocketsForPorts = false
    package var maximumSessions: Int?
    /// Tune these interfaces, whatever has the addresses.
    package var interfaces: [String] = []
    package var steering = SteeringChoice.automatic
    /// The file with the options, for what is said of it.
    package var configurationFile = "/etc/rtpengine/rtpengine.conf"

    package init() {}
}

/// By what a network card chooses the queue of a packet.
package enum SteeringChoice: String, CaseIterable, Sendable {
    /// By the relay's ports where the card can, else by the addresses.
    case automatic = "auto"
    /// By the relay's ports.
    case ports
    /// By the addresses of both ends.
    case addresses
    /// By addresses and ports of both ends: for few far ends, on cards that do not take rules.
    case flows
}
