/// Who else might use ports of our range on this host.
///
/// A socket of our own keeps others off its port. Steering does not: it takes what comes to the port, whoever has a socket
/// there. So a range that is to be steered must be the relay's alone.
package struct PortNeighbours: Sendable {
    /// What the kernel gives to sockets that ask for any port (`net.ipv4.ip_local_port_range`).
    private let ephemeral: ClosedRange<UInt16>?
    /// What it leaves out of that (`net.ipv4.ip_local_reserved_ports`).
    private let reserved: [ClosedRange<UInt16>]
    private let bound: Set<UInt16>

    /// Takes the kernel's texts; what cannot be read is taken for nothing.
    ///
    /// - Parameter sockets: `/proc/net/udp` and `/proc/net/udp6`.
    package init(localPortRange: String, reservedPorts: String, sockets: [String]) {
        let ends = localPortRange.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        ephemeral = ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
        reserved = reservedPorts.split { $0 == "," || $0.isWhitespace }.compactMap { part in
            let ends = part.split(separator: "-").compactMap { UInt16($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            return first...last
        }
        var bound: Set<UInt16> = []
        for table in sockets {
            for line in table.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                guard fields.count > 1, let colon = fields[1].lastIndex(of: ":"),
                    let port = UInt16(fields[1][fields[1].index(after: colon)...], radix: 16)
                else { continue }
                bound.insert(port)
            }
        }
        self.bound = bound
    }

    /// Why the range is not the relay's alone; `nil` when it is, as far as can be seen.
    package func conflict(with range: ClosedRange<UInt16>) -> String? {
        if let ephemeral, ephemeral.overlaps(range) {
            let shared = ephemeral.clamped(to: range)
            if !shared.allSatisfy({ port in reserved.contains { $0.contains(port) } }) {
                return "other programs may be given ports \(shared.lowerBound)-\(shared.upperBound); "
                    + "reserve them with net.ipv4.ip_local_reserved_ports"
            }
        }
        return bound.filter(range.contains).min().map { "another program has port \($0)" }
    }
}
