internal import CRelayKernel
internal import RelayCore
internal import WireFormat

/// A network interface of this host, as it is now.
struct NetworkDevice: Sendable {
    /// More than anybody has: a limit for the room that is asked for.
    private static let limit = 4096

    let name: String
    /// `veth`, `ixgbe`, …; empty when the driver does not say.
    let driver: String
    /// For a VLAN the interface that carries it; else empty.
    let carrier: String
    let index: UInt32
    /// VLAN identifier, or 0.
    let vlan: UInt32
    let isUp: Bool
    /// Frames on it have Ethernet headers, and it is not the loopback.
    let isUsable: Bool
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

    /// The index of the interface that has an address; `nil` when none has.
    static func index(of address: IPAddress) -> UInt32? {
        let (first, second, third, fourth) = address.kernel
        // SAFETY: four words, as the shim expects.
        let index = unsafe relay_device_of_address([first, second, third, fourth])
        return index > 0 ? UInt32(index) : nil
    }

    /// Frames that XDP should have sent and the driver has lost.
    var xdpErrors: UInt64 { unsafe relay_device_xdp_errors(name) }

    private init(_ raw: relay_device) {
        func text(_ characters: some Any) -> String {
            // SAFETY: the shim has terminated the text within its array.
            unsafe withUnsafeBytes(of: characters) { octets in
                unsafe String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        (name, driver, carrier) = (text(raw.name), text(raw.driver), text(raw.carrier))
        (index, vlan, isUp) = (raw.index, raw.vlan, raw.up)
        isUsable = raw.ethernet && !raw.loopback
        hardware = unsafe withUnsafeBytes(of: raw.hardware) { unsafe Array($0) }
        (sent, failed) = (raw.sent, raw.failed)
    }
}
