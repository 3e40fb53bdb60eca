internal import CRelayKernel
internal import WireFormat

/// An address as the maps have it: four words in network order, IPv4 mapped into IPv6.
typealias KernelAddress = (UInt32, UInt32, UInt32, UInt32)

extension IPAddress {
    var kernel: KernelAddress {
        let (first, second) = family == .ipv4 ? (0, 0xFFFF << 32 | low) : (high, low)
        func word(_ half: UInt64, _ shift: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: half >> shift).bigEndian }
        return (word(first, 32), word(first, 0), word(second, 32), word(second, 0))
    }

    init(_ address: KernelAddress) {
        func half(_ one: UInt32, _ other: UInt32) -> UInt64 {
            UInt64(UInt32(bigEndian: one)) << 32 | UInt64(UInt32(bigEndian: other))
        }
        let (high, low) = (half(address.0, address.1), half(address.2, address.3))
        if high == 0, low >> 32 == 0xFFFF {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(ipv6High: high, low: low)
        }
    }
}

/// A key that is written before it is read.
struct SteeredAddress: BitwiseCopyable {
    let words: KernelAddress
}
