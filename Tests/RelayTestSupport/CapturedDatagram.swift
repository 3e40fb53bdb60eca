package import WireFormat

/// A UDP datagram as it was seen on a network.
package struct CapturedDatagram: Sendable {
    package let source: TransportAddress
    package let destination: TransportAddress
    /// The TOS octet (IPv4) or traffic class (IPv6); `nil` when the witness could not see it.
    package let tos: UInt8?
    package let payload: [UInt8]

    /// A datagram that was seen from inside a program.
    package init(source: TransportAddress, destination: TransportAddress, payload: [UInt8]) {
        (self.source, self.destination, self.payload, tos) = (source, destination, payload, nil)
    }

    /// Reads an IP packet; `nil` when it is not a whole UDP datagram.
    init?(ip packet: Span<UInt8>) {
        guard packet.count > 0 else { return nil }
        let udp: Int
        let addresses: (source: IPAddress, destination: IPAddress)
        switch packet[0] >> 4 {
        case 4:
            // RFC 791 §3.1: 9 is the protocol; 6 has the flags and the fragment's offset.
            guard packet.count >= 20, packet[9] == 17, let fragment: UInt16 = packet.bigEndian(at: 6),
                fragment & 0x3FFF == 0, let source: UInt32 = packet.bigEndian(at: 12),
                let destination: UInt32 = packet.bigEndian(at: 16)
            else { return nil }
            udp = 4 * Int(packet[0] & 0x0F)
            tos = packet[1]
            addresses = (IPAddress(ipv4: source), IPAddress(ipv4: destination))
        case 6:
            // RFC 8200 §3. Extension headers are nothing that a relay's packets have.
            guard packet.count >= 40, packet[6] == 17, let first: UInt32 = packet.bigEndian(at: 0),
                let source = Self.ipv6(packet, at: 8), let destination = Self.ipv6(packet, at: 24)
            else { return nil }
            udp = 40
            tos = UInt8(truncatingIfNeeded: first >> 20)
            addresses = (source, destination)
        default: return nil
        }
        guard let from: UInt16 = packet.bigEndian(at: udp), let to: UInt16 = packet.bigEndian(at: udp + 2),
            let length: UInt16 = packet.bigEndian(at: udp + 4), length >= 8, udp + Int(length) <= packet.count
        else { return nil }
        source = TransportAddress(addresses.source, port: from)
        destination = TransportAddress(addresses.destination, port: to)
        payload = (udp + 8..<udp + Int(length)).map { packet[$0] }
    }

    private static func ipv6(_ packet: Span<UInt8>, at offset: Int) -> IPAddress? {
        guard let high: UInt64 = packet.bigEndian(at: offset), let low: UInt64 = packet.bigEndian(at: offset + 8) else {
            return nil
        }
        return IPAddress(ipv6High: high, low: low)
    }
}
