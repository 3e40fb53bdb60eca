/// A BPF object file that the build has compiled into this module.
enum ProgramImage: String {
    /// Forwarding, for XDP and tc.
    case relay
    /// Ports without sockets.
    case steer

    /// The ELF file.
    var octets: [UInt8] {
        let text: StaticString =
            switch self {
            case .relay: EmbeddedPrograms.relay
            case .steer: EmbeddedPrograms.steer
            }
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8CodeUnitCount / 2)
        text.withUTF8Buffer { digits in
            // SAFETY: the buffer is the literal, bounds-checked, and not kept.
            for index in 0..<digits.count / 2 {
                unsafe octets.append(Self.value(digits[2 * index]) << 4 | Self.value(digits[2 * index + 1]))
            }
        }
        return octets
    }

    private static func value(_ digit: UInt8) -> UInt8 {
        digit < UInt8(ascii: "a") ? digit &- UInt8(ascii: "0") : digit &- UInt8(ascii: "a") &+ 10
    }
}
