package import WireFormat

/// Who else might use ports of our range on this host.
///
/// A socket of our own keeps others off its port. Steering does not: it takes what comes to the port, whoever has a socket
/// there. So a range that is to be steered must be the relay's alone, but for a few ports that it leaves alone.
package struct PortNeighbours: Sendable {
    /// Programs on a relay's host with a socket in its range. With more, the range is somebody else's too.
    private static let toleratedPorts = 64

    /// What the kernel gives to sockets that ask for any port (`net.ipv4.ip_local_port_range`).
    private let ephemeral: ClosedRange<UInt16>?
    /// What it leaves out of that (`net.ipv4.ip_local_reserved_ports`).
    private let reserved: [ClosedRange<UInt16>]
    private let reservedText: String
    private let bound: Set<UInt16>

    /// Takes the kernel's texts; what cannot be read is taken for nothing.
    ///
    /// - Parameters:
    ///   - sockets: `/proc/net/udp` and `/proc/net/udp6`.
    ///   - addresses: those that ports are opened on. Sockets at others are in nobody's way, and neither are those that
    ///     have a peer, since the kernel asks them before it steers.
    package init(
        localPortRange: String, reservedPorts: String, sockets: [String], addresses: some Sequence<IPAddress>
    ) {
        let ends = localPortRange.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        ephemeral = ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
        let parts = reservedPorts.split { $0 == "," || $0.isWhitespace }
        reservedText = parts.joined(separator: ",")
        reserved = parts.compactMap { part in
            let ends = part.split(separator: "-").compactMap { UInt16($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            return first...last
        }
        let ours = Set(addresses)
        var bound: Set<UInt16> = []
        for table in sockets {
            for line in table.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                guard fields.count > 2, let local = Self.address(fields[1]), let remote = Self.address(fields[2]),
                    remote.port == 0, local.address.isUnspecified || ours.contains(local.address)
                else { continue }
                bound.insert(local.port)
            }
        }
        self.bound = bound
    }

    /// `0100007F:4E20`: words of the address as they are in memory, and the port.
    private static func address(_ text: Substring) -> TransportAddress? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16) else { return nil }
        var (words, digits): ([UInt64], Substring) = ([], parts[0])
        while !digits.isEmpty {
            guard let word = UInt32(digits.prefix(8), radix: 16) else { return nil }
            words.append(UInt64(UInt32(bigEndian: word)))
            digits = digits.dropFirst(8)
        }
        switch words.count {
        case 1: return TransportAddress(IPAddress(ipv4: UInt32(words[0])), port: port)
        case 4 where words[0] == 0 && words[1] == 0 && words[2] == 0xFFFF:
            return TransportAddress(IPAddress(ipv4: UInt32(words[3])), port: port)
        case 4:
            let (high, low) = (words[0] << 32 | words[1], words[2] << 32 | words[3])
            return TransportAddress(IPAddress(ipv6High: high, low: low), port: port)
        default: return nil
        }
    }

    /// Ports of a range that the kernel may give to others; `nil` when it gives them none of it.
    package func ephemeralPorts(of range: ClosedRange<UInt16>) -> ClosedRange<UInt16>? {
        guard let ephemeral, ephemeral.overlaps(range) else { return nil }
        let shared = ephemeral.clamped(to: range)
        return shared.allSatisfy { port in reserved.contains { $0.contains(port) } } ? nil : shared
    }

    /// What `net.ipv4.ip_local_reserved_ports` has to say so that the kernel keeps these ports back too.
    package func reservation(of range: ClosedRange<UInt16>) -> String {
        (reservedText.isEmpty ? "" : reservedText + ",") + "\(range.lowerBound)-\(range.upperBound)"
    }

    /// Ports of a range that others have; `nil` when they are so many that the range is not ours.
    package func occupiedPorts(of range: ClosedRange<UInt16>) -> Set<UInt16>? {
        let occupied = bound.filter(range.contains)
        return occupied.count <= Self.toleratedPorts ? occupied : nil
    }
}
