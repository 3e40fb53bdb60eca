internal import CRelayKernel
internal import RelayCore
internal import WireFormat

/// A network interface of this host, as it is now.
struct NetworkDevice: Sendable {
    /// More than anybody has: a limit for the room that is asked for.
    private static let limit = 4096

    let name: String
    /// `veth`, `dummy`, …; empty for hardware.
    let kind: String
    let index: UInt32
    /// For a VLAN with the usual tags the interface that carries it; else 0.
    let carrier: UInt32
    /// VLAN identifier, or 0.
    let vlan: UInt32
    let isUp: Bool
    /// Frames on it have Ethernet headers, and it is not the loopback.
    let isUsable: Bool
    /// It is a part of a bond, a bridge or the like: what comes to this host comes to that one, and leaves through it.
    let isPort: Bool
    let hardware: [UInt8]
    /// Frames sent; wraps around.
    let sent: UInt32
    /// Frames that were refused or failed on the way out; wraps around.
    let failed: UInt32

    /// All of them.
    static func all() throws(SystemError) -> [NetworkDevice] {
        var raw = [relay_device](repeating: relay_device(), count: limit)
        // SAFETY: the shim fills at most as many structures as the array has.
        let count = unsafe relay_devices(&raw, Int32(limit))
        try check(count, "list the network interfaces")
        return raw.prefix(Int(count)).map { NetworkDevice($0) }
    }

    /// Where an address of this host is.
    struct Place: Equatable {
        /// The interface that has it.
        let device: UInt32
        /// Nobody else is on its network, by its prefix length.
        let isAlone: Bool
        /// The interface through which packets from it leave for the Internet, if there is a way.
        let exit: UInt32?
    }

    /// Anywhere on the Internet; nothing is sent there.
    private static let faraway: [AddressFamily: IPAddress] = [
        .ipv4: IPAddress(ipv4: 0x0101_0101), .ipv6: IPAddress(ipv6High: 0x2001_0500 << 32, low: 1),
    ]

    /// Where an address is; `nil` when no interface has it.
    static func place(of address: IPAddress) -> Place? {
        func words(_ address: IPAddress) -> [UInt32] {
            let (first, second, third, fourth) = address.kernel
            return [first, second, third, fourth]
        }
        var isAlone = false
        // SAFETY: four words, and room for one flag, as the shim expects.
        let index = unsafe relay_device_of_address(words(address), &isAlone)
        guard index > 0 else { return nil }
        // SAFETY: four words each. `!`: both families are in the table.
        let exit = unsafe relay_route_device(words(address), words(Self.faraway[address.family]!))
        return Place(device: UInt32(index), isAlone: isAlone, exit: exit > 0 ? UInt32(exit) : nil)
    }

    /// Has the kernel ask neighbours on these interfaces that it has not heard of for a while: the program's packets do
    /// not make it ask, and one that is gone would be sent to for ever.
    static func confirmNeighbours(on interfaces: [UInt32]) throws(SystemError) {
        // SAFETY: the shim reads as many numbers as the array has.
        try check(unsafe relay_confirm_neighbours(interfaces, Int32(interfaces.count)), "confirm neighbours")
    }

    /// Frames and bytes that it has sent by now.
    func countSent() throws(SystemError) -> relay_sent {
        var sent = relay_sent()
        // SAFETY: the shim fills one structure.
        try check(unsafe relay_device_sent(index, &sent), "ask what \(name) has sent")
        return sent
    }

    /// Frames that XDP should have sent and the driver has lost.
    var xdpErrors: UInt64 { unsafe relay_device_xdp_errors(name) }

    /// The driver has a name: one without carries no XDP. Asked anew each time.
    var hasDriver: Bool { unsafe relay_device_has_driver(name) }

    private init(_ raw: relay_device) {
        func text(_ characters: some Any) -> String {
            // SAFETY: the shim has terminated the text within its array.
            unsafe withUnsafeBytes(of: characters) { octets in
                unsafe String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        (name, kind) = (text(raw.name), text(raw.kind))
        (index, carrier, vlan, isUp) = (raw.index, raw.carrier, raw.vlan, raw.up)
        (isUsable, isPort) = (raw.ethernet && !raw.loopback, raw.port)
        hardware = unsafe withUnsafeBytes(of: raw.hardware) { unsafe Array($0) }
        (sent, failed) = (raw.sent, raw.failed)
    }
}
