import WireFormat

/// An Ethernet frame with a UDP datagram in it, put together and taken apart octet by octet, so that the program under
/// test is not measured by its own code.
struct TestFrame: Equatable {
    /// The loopback's: a program that is only tried out gets its packets from there.
    var destination: [UInt8] = [0, 0, 0, 0, 0, 0]
    var source: [UInt8] = [0x02, 0, 0, 0, 0, 2]
    /// VLAN identifier; `nil` for no tag.
    var vlan: UInt16?
    var from: TransportAddress
    var to: TransportAddress
    var tos: UInt8 = 0
    var hopLimit: UInt8 = 50
    /// The flags and offset of IPv4: do not fragment.
    var fragment: UInt16 = 0x4000
    var hasChecksum = true
    var payload: [UInt8]

    init(from: TransportAddress, to: TransportAddress, payload: [UInt8]) {
        (self.from, self.to, self.payload) = (from, to, payload)
    }

    /// An RTP packet (RFC 3550 §5.1) with 20 octets of payload.
    static func rtp(sequence: UInt16 = 1, timestamp: UInt32 = 160, ssrc: UInt32 = 0x1234_5678) -> [UInt8] {
        [0x80, 8] + octets(UInt64(sequence), 2) + octets(UInt64(timestamp), 4) + octets(UInt64(ssrc), 4)
            + [UInt8](repeating: 0xD5, count: 20)
    }

    /// An empty receiver report (RFC 3550 §6.4.2).
    static let rtcp: [UInt8] = [0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78] + [UInt8](repeating: 0, count: 8)

    var octets: [UInt8] {
        let network: [UInt8]
        let isIPv4 = to.address.family == .ipv4
        if isIPv4 {
            var header: [UInt8] = [0x45, tos] + Self.octets(UInt64(28 + payload.count), 2)
            header += [0, 0] + Self.octets(UInt64(fragment), 2) + [hopLimit, 17, 0, 0]
            header += Self.octets(from.address) + Self.octets(to.address)
            header.replaceSubrange(10..<12, with: Self.octets(UInt64(~Self.sum(header)), 2))
            network = header
        } else {
            network =
                Self.octets(6 << 28 | UInt64(tos) << 20, 4) + Self.octets(UInt64(8 + payload.count), 2)
                + [17, hopLimit] + Self.octets(from.address) + Self.octets(to.address)
        }
        var frame = destination + source
        if let vlan { frame += [0x81, 0x00] + Self.octets(UInt64(vlan), 2) }
        frame += isIPv4 ? [0x08, 0x00] : [0x86, 0xDD]
        return frame + network + transport
    }

    private var transport: [UInt8] {
        let length = Self.octets(UInt64(8 + payload.count), 2)
        var datagram = Self.octets(UInt64(from.port), 2) + Self.octets(UInt64(to.port), 2) + length + [0, 0] + payload
        guard hasChecksum else { return datagram }
        let pseudo = Self.octets(from.address) + Self.octets(to.address) + [0, 17] + length
        let sum = ~Self.sum(pseudo + datagram)
        datagram.replaceSubrange(6..<8, with: Self.octets(UInt64(sum == 0 ? 0xFFFF : sum), 2))
        return datagram
    }

    /// Takes a frame apart; `nil` when lengths or checksums are wrong.
    init?(_ frame: [UInt8]) {
        guard frame.count >= 42 else { return nil }
        self.init(
            from: TransportAddress(IPAddress(ipv4: 0), port: 0), to: TransportAddress(IPAddress(ipv4: 0), port: 0),
            payload: [])
        (destination, source) = (Array(frame[..<6]), Array(frame[6..<12]))
        var offset = 12
        if frame[12] == 0x81, frame[13] == 0 {
            vlan = UInt16(Self.number(frame[14..<16]))
            offset = 16
        }
        let type = Self.number(frame[offset..<offset + 2])
        let network = Array(frame[(offset + 2)...])
        let (size, length): (Int, Int)
        let addresses: (IPAddress, IPAddress)
        if type == 0x0800, network[0] == 0x45 {
            guard Self.sum(Array(network[..<20])) == 0xFFFF, network[9] == 17 else { return nil }
            (size, length) = (20, Int(Self.number(network[2..<4])))
            (tos, hopLimit, fragment) = (network[1], network[8], UInt16(Self.number(network[6..<8])))
            addresses = (
                IPAddress(ipv4: UInt32(Self.number(network[12..<16]))),
                IPAddress(ipv4: UInt32(Self.number(network[16..<20])))
            )
        } else if type == 0x86DD, network[0] >> 4 == 6, network.count >= 48 {
            guard network[6] == 17 else { return nil }
            (size, length) = (40, 40 + Int(Self.number(network[4..<6])))
            (tos, hopLimit) = (UInt8(truncatingIfNeeded: Self.number(network[0..<2]) >> 4), network[7])
            addresses = (
                IPAddress(ipv6High: Self.number(network[8..<16]), low: Self.number(network[16..<24])),
                IPAddress(ipv6High: Self.number(network[24..<32]), low: Self.number(network[32..<40]))
            )
        } else {
            return nil
        }
        guard length <= network.count, length >= size + 8 else { return nil }
        let datagram = Array(network[size..<length])
        guard Int(Self.number(datagram[4..<6])) == datagram.count else { return nil }
        from = TransportAddress(addresses.0, port: UInt16(Self.number(datagram[0..<2])))
        to = TransportAddress(addresses.1, port: UInt16(Self.number(datagram[2..<4])))
        payload = Array(datagram[8...])
        hasChecksum = datagram[6...7] != [0, 0]
        guard !hasChecksum || transport[6...7] == datagram[6...7] else { return nil }
    }

    static func octets(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }

    private static func octets(_ address: IPAddress) -> [UInt8] {
        address.family == .ipv4 ? octets(address.low, 4) : octets(address.high, 8) + octets(address.low, 8)
    }

    private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }

    /// The one's complement sum (RFC 1071).
    private static func sum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: octets.count, by: 2) {
            sum += UInt32(octets[index]) << 8 | (index + 1 < octets.count ? UInt32(octets[index + 1]) : 0)
        }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        return UInt16(sum)
    }
}
