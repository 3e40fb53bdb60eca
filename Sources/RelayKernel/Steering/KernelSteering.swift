internal import CBPF
internal import CRelayKernel
internal import Glibc
package import RelayCore
package import WireFormat

/// Delivers whole port ranges to a few sockets (`BPF_PROG_TYPE_SK_LOOKUP`), so that a call needs neither a socket nor a
/// system call, and an address can be served before it has come to this host.
///
/// Lives as long as this process: without its sockets there is nobody to deliver to. `remains` keep its ports from being
/// refused after that.
package final class KernelSteering: PortSteering {
    private let addresses: [IPAddress: Int]
    private let ports: MappedArray<relay_steered_port>
    private let sockets: KernelMap<UInt32, UInt64>
    private let flooded: MappedArray<UInt64>
    private let drains: [FloodDrain]
    let program: Descriptor
    private let link: Descriptor

    /// Loads the program and hooks it into this network namespace. Nothing is steered yet.
    ///
    /// - Parameter addresses: all that may come up.
    /// - Throws: EPERM without CAP_BPF and CAP_NET_ADMIN; E2BIG with more than 64 addresses.
    package init(addresses: some Sequence<IPAddress>) throws(SystemError) {
        let addresses = Set(addresses)
        guard addresses.count <= Int(RELAY_STEERED_ADDRESSES.rawValue) else {
            throw SystemError(errno: E2BIG, operation: "steer the ports of \(addresses.count) addresses")
        }
        let object = try KernelObject(.steer)
        try object.resize("steered_ports", to: max(1, addresses.count))
        try object.load()
        ports = try MappedArray(
            try object.descriptor(ofMap: "steered_ports"), count: max(1, addresses.count) * Int(RELAY_PORTS.rawValue))
        flooded = try MappedArray(try object.descriptor(ofMap: "flooded"), count: 1)
        sockets = KernelMap(try object.descriptor(ofMap: "steered_sockets"))
        let numbers = KernelMap<SteeredAddress, UInt32>(try object.descriptor(ofMap: "steered_addresses"))
        var known: [IPAddress: Int] = [:]
        for (number, address) in addresses.enumerated() {
            try numbers.update(SteeredAddress(words: address.kernel), UInt32(number))
            known[address] = number
        }
        self.addresses = known
        var drains: [FloodDrain] = []
        for family in Set(addresses.map(\.family)) {
            let drain = try FloodDrain(family)
            try sockets.update(
                Self.slot(UInt32(RELAY_FLOOD_WORKER.rawValue), family), UInt64(UInt32(drain.socket.descriptor)))
            drains.append(drain)
        }
        self.drains = drains
        program = try object.program("relay_steer")
        // SAFETY: a terminated string that lives across the call.
        let namespace = try Descriptor(
            unsafe open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), orErrno: "open the network namespace")
        link = try Descriptor(
            bpf_link_create(program.number, namespace.number, BPF_SK_LOOKUP, nil), "steer ports (sk_lookup)")
    }

    /// What another process may hold: while it does, datagrams to ports of a process that is gone are lost without an ICMP
    /// error. Those of whoever steers the ports next are not concerned.
    package var remains: [Int32] { [link.number] + drains.map(\.socket.descriptor) }

    package func attach(_ opened: [SteeredSocket]) throws(SystemError) {
        for socket in opened {
            guard socket.worker < RELAY_STEERED_WORKERS.rawValue else {
                throw SystemError(errno: E2BIG, operation: "steer ports to media thread \(socket.worker)")
            }
            try sockets.update(
                Self.slot(UInt32(socket.worker), socket.family), UInt64(UInt32(socket.socket.descriptor)))
        }
    }

    /// Where a worker's socket is in the map.
    private static func slot(_ worker: UInt32, _ family: AddressFamily) -> UInt32 {
        2 * worker + (family == .ipv6 ? 1 : 0)
    }

    package func covers(_ address: IPAddress) -> Bool { addresses[address] != nil }

    package func steer(_ local: TransportAddress, to worker: UInt16) { set(local, worker + 1) }

    package func release(_ local: TransportAddress) { set(local, 0) }

    package var floodDrops: UInt64 {
        unsafe flooded.withElement(0) { element in
            // SAFETY: one aligned number that the program counts up.
            unsafe relay_load(element)
        }
    }

    private func set(_ local: TransportAddress, _ worker: UInt16) {
        guard let number = addresses[local.address] else {
            preconditionFailure("\(local.address) was not announced")
        }
        unsafe ports.withElement(number * Int(RELAY_PORTS.rawValue) + Int(local.port)) { element in
            // SAFETY: the element is ours to write; the program may be reading it.
            unsafe relay_set_steered(element, worker)
        }
    }
}
