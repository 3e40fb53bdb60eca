package import WireFormat

/// Addresses and ports for one test run, which nothing else on this machine uses.
package struct LoopbackNetwork: Sendable {
    /// The first three octets, 127.x.y.
    private let prefix: UInt32
    /// Ports on which nothing is bound, on any address, so that a wildcard elsewhere does not get in the way.
    package let ports: ClosedRange<UInt16>

    /// Ports given out: above the well-known ones, below those that the kernel gives to clients.
    private static let choosable: ClosedRange<UInt16> = 12_000...31_999

    /// Draws a network and as many ports in a row as asked for. The first port is even.
    package init(portCount: UInt16) throws {
        let used = OpenSockets.Table.allCases.flatMap(OpenSockets.local)
        let usedPorts = Set(used.map(\.port))
        let usedNetworks = Set(used.lazy.filter { $0.address.family == .ipv4 }.map { Self.network(of: $0.address) })
        for _ in 0..<1_000 {
            let network = 127 << 16 | UInt32.random(in: 0x0100...0xFEFF)
            let first = UInt16.random(in: Self.choosable.lowerBound...(Self.choosable.upperBound - portCount)) & ~1
            let range = first...(first + portCount - 1)
            guard !usedNetworks.contains(network), usedPorts.allSatisfy({ !range.contains($0) }) else { continue }
            (prefix, ports) = (network, range)
            return
        }
        throw TimedOut(description: "no \(portCount) free ports in a row")
    }

    /// An address of this network.
    package func host(_ number: UInt8) -> IPAddress { IPAddress(ipv4: prefix << 8 | UInt32(number)) }

    /// Waits until a UDP port of the first host is free.
    package func requireFree(_ port: UInt16) async throws {
        try await OpenSockets.requireFree(TransportAddress(host(1), port: port))
    }

    /// The network as `tcpdump` takes it.
    package var captureFilter: String { "udp and net \(host(0))/24" }

    private static func network(of address: IPAddress) -> UInt32 { UInt32(truncatingIfNeeded: address.low >> 8) }
}
