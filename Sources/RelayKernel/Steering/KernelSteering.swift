internal import CBPF
internal import CRelayKernel
internal import Glibc
package import RelayCore
package import WireFormat

/// Delivers whole port ranges to a few sockets (`BPF_PROG_TYPE_SK_LOOKUP`), so that a call needs neither a socket nor a
/// system call, and an address can be served before it has come to this host.
///
/// Lives as long as this process: without its sockets there is nobody to deliver to.
package final class KernelSteering: PortSteering {
    private let addresses: [IPAddress: Int]
    private let ports: MappedArray<UInt16>
    private let sockets: KernelMap<UInt32, UInt64>
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
        sockets = KernelMap(try object.descriptor(ofMap: "steered_sockets"))
        let numbers = KernelMap<SteeredAddress, UInt32>(try object.descriptor(ofMap: "steered_addresses"))
        var known: [IPAddress: Int] = [:]
        for (number, address) in addresses.enumerated() {
            try numbers.update(SteeredAddress(words: address.kernel), UInt32(number))
            known[address] = number
        }
        self.addresses = known

        // SAFETY: a terminated string that lives across the call.
        let namespace = try Descriptor(
            unsafe open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), orErrno: "open the network namespace")
        let program = try object.program("relay_steer")
        link = try Descriptor(
            bpf_link_create(program.number, namespace.number, BPF_SK_LOOKUP, nil), "steer ports (sk_lookup)")
    }

    package func attach(_ sockets: [SteeredSocket]) throws(SystemError) {
        for socket in sockets {
            guard socket.worker < RELAY_STEERED_WORKERS.rawValue else {
                throw SystemError(errno: E2BIG, operation: "steer ports to media thread \(socket.worker)")
            }
            let slot = 2 * UInt32(socket.worker) + (socket.family == .ipv6 ? 1 : 0)
            try self.sockets.update(slot, UInt64(UInt32(socket.socket.descriptor)))
        }
    }

    package func covers(_ local: TransportAddress) -> Bool { addresses[local.address] != nil }

    package func steer(_ local: TransportAddress, to worker: UInt16) { set(local, worker + 1) }

    package func release(_ local: TransportAddress) { set(local, 0) }

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
