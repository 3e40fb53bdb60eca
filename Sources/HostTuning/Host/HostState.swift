package import WireFormat

/// What a host is like, as far as the packets of calls notice.
package struct HostState: Equatable, Sendable {
    /// The processors that the relay may use, in order; media thread `n` takes the n-th one.
    package var cores: [Int]
    /// A hypervisor is under it.
    package var isVirtual = false
    /// Texts of the kernel's files, by path; what is not there is not in here.
    package var files: [String: String] = [:]
    /// All of them, those that carry others included.
    package var interfaces: [InterfaceState] = []
    /// Something moves interrupts around (`irqbalance`).
    package var balancesInterrupts = false
    /// Connections are followed (`nf_conntrack`).
    package var tracksConnections = false
    /// The rules of nftables; `nil` when they cannot be read.
    package var packetRules: String?
    /// Descriptors that the running relay may have; `nil` when none runs, or we may not look.
    package var descriptorLimit: Int?

    package init(cores: [Int]) { self.cores = cores }
}

/// One network interface.
package struct InterfaceState: Equatable, Sendable {
    package let name: String
    /// What ethtool's requests go to.
    package let index: Int
    /// Of the hardware; empty when there is none.
    package var driver = ""
    /// Packets on it come from elsewhere: neither the loopback nor a dummy.
    package var leadsOut = true
    package var addresses: [IPAddress] = []
    /// Interfaces below it: members of a bond, the carrier of a VLAN.
    package var lower: [String] = []
    /// Processors near it; `nil` when all are.
    package var localCores: ProcessorSet?

    /// By queue that receives: the processors that its packets are handed on to (RPS).
    package var receiveSteering: [ProcessorSet] = []
    /// By queue that sends: the processors that use it (XPS); empty when the driver has one queue only.
    package var sendSteering: [ProcessorSet] = []
    package var interrupts: [Interrupt] = []

    package var queues: Limited?
    /// Queues that receive are queues that send.
    package var queuesAreCombined = true
    package var ring: Limited?
    package var coalescing: Coalescing?
    package var hash: [AddressFamily: HashFields] = [:]
    /// Where the hash leads.
    package var spread: Spread?
    /// `nil` when the driver has no rules that lead to queues.
    package var filters: Filters?

    package init(name: String, index: Int) { (self.name, self.index) = (name, index) }

    /// Has queues of its own, rather than standing for others.
    package var isCarrier: Bool { leadsOut && lower.isEmpty && !receiveSteering.isEmpty }
}

/// A number that can be set up to a limit.
package struct Limited: Equatable, Sendable {
    package let now: Int
    package let most: Int

    package init(_ now: Int, of most: Int) { (self.now, self.most) = (now, most) }
}

/// An interrupt of one queue of a network card.
package struct Interrupt: Equatable, Sendable {
    package let number: Int
    package let queue: Int
    package let cores: ProcessorSet

    package init(number: Int, queue: Int, cores: ProcessorSet) {
        (self.number, self.queue, self.cores) = (number, queue, cores)
    }
}

/// How long an interrupt for received packets may wait for more of them.
package struct Coalescing: Equatable, Sendable {
    package let microseconds: Int
    package let isAdaptive: Bool

    package init(microseconds: Int, isAdaptive: Bool) {
        (self.microseconds, self.isAdaptive) = (microseconds, isAdaptive)
    }
}

/// What the queue of a packet is chosen by.
package struct HashFields: OptionSet, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let sourceAddress = HashFields(rawValue: 1)
    package static let destinationAddress = HashFields(rawValue: 2)
    package static let sourcePort = HashFields(rawValue: 4)
    package static let destinationPort = HashFields(rawValue: 8)
    package static let addresses: HashFields = [.sourceAddress, .destinationAddress]
    package static let addressesAndPorts: HashFields = [.addresses, .sourcePort, .destinationPort]

    /// As ethtool(8) writes them.
    package var description: String {
        let letters: [(HashFields, String)] = [
            (.sourceAddress, "s"), (.destinationAddress, "d"), (.sourcePort, "f"), (.destinationPort, "n"),
        ]
        return letters.filter { contains($0.0) }.map(\.1).joined()
    }
}

/// The queues that a hash leads to, by a table.
package struct Spread: Equatable, Sendable {
    package let queues: Int
    /// The first queues in turn, all of them alike often.
    package let isInTurn: Bool

    package init(queues: Int, isInTurn: Bool = true) { (self.queues, self.isInTurn) = (queues, isInTurn) }
}

/// Rules of a network card that lead to queues.
package struct Filters: Equatable, Sendable {
    package var isEnabled: Bool
    /// Those by destination port of UDP alone.
    package var portRules: [PortRule]
    /// How many others there are.
    package var others: Int

    package init(isEnabled: Bool, portRules: [PortRule] = [], others: Int = 0) {
        (self.isEnabled, self.portRules, self.others) = (isEnabled, portRules, others)
    }
}

/// A rule that sends UDP packets to a queue by their destination port.
package struct PortRule: Hashable, Sendable {
    package let family: AddressFamily
    /// In the bits of the mask.
    package let port: UInt16
    package let mask: UInt16
    package let queue: Int
    /// Where it is; `nil` for one that is not there yet.
    package let location: Int?

    package init(family: AddressFamily, port: UInt16, mask: UInt16, queue: Int, location: Int? = nil) {
        (self.family, self.port, self.mask) = (family, port, mask)
        (self.queue, self.location) = (queue, location)
    }

    /// Does the same, wherever it is.
    func isLike(_ other: PortRule) -> Bool {
        (family, port, mask, queue) == (other.family, other.port, other.mask, other.queue)
    }
}
