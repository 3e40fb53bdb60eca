internal import CLinux
internal import WireFormat

extension TransportAddress {
    /// What a system call told us; `nil` when it told nothing (family 0).
    init?(_ raw: clinux_address) {
        switch raw.family {
        case 4: self.init(IPAddress(ipv4: UInt32(truncatingIfNeeded: raw.low)), port: raw.port)
        case 6: self.init(IPAddress(ipv6High: raw.high, low: raw.low), port: raw.port)
        default: return nil
        }
    }

    /// The form that the system-call shim takes.
    var raw: clinux_address {
        clinux_address(high: address.high, low: address.low, port: port, family: address.family.rawValue)
    }
}
