/// IPv4 or IPv6, by the names that SDP gives them (RFC 8866 §5.7).
public enum AddressFamily: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// `IP4`
    case ipv4 = 4
    /// `IP6`
    case ipv6 = 6

    /// The token in SDP and in the NG protocol: `IP4` or `IP6`.
    public var sdpName: String { self == .ipv4 ? "IP4" : "IP6" }

    /// The name in statistics and logs: `IPv4` or `IPv6`.
    public var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
}
