/// An IP address and a UDP port (RFC 3550 §3, "transport address").
public struct TransportAddress: Hashable, Sendable, BitwiseCopyable {
    /// The IP address.
    public let address: IPAddress
    /// The UDP port, in host byte order.
    public let port: UInt16

    /// Joins an address and a port.
    public init(_ address: IPAddress, port: UInt16) { (self.address, self.port) = (address, port) }

    /// The same address with another port.
    public func with(port: UInt16) -> TransportAddress { TransportAddress(address, port: port) }
}

extension TransportAddress {
    /// Parses `192.0.2.1:5004` or `[2001:db8::1]:5004`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard let address = IPAddress(host), address.family == .ipv6 else { return nil }
            self.init(address, port: port)
        } else {
            guard let address = IPAddress(host), address.family == .ipv4 else { return nil }
            self.init(address, port: port)
        }
    }
}

extension TransportAddress: CustomStringConvertible {
    /// `192.0.2.1:5004` or `[2001:db8::1]:5004`.
    public var description: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
