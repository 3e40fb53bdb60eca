internal import CLinux
package import WireFormat

/// The system's resolver for host names.
package enum HostResolver {
    /// Addresses of one name that are looked at.
    private static let mostAddresses = 64

    /// All addresses of a host, in the resolver's order; none when it knows no such host. May wait for the network.
    package static func addresses(of name: String) -> [IPAddress] {
        var raw = [clinux_address](repeating: clinux_address(), count: mostAddresses)
        // SAFETY: the name is a terminated string, and the shim writes at most `count` structures into the array.
        let count = unsafe raw.withUnsafeMutableBufferPointer { room in
            unsafe clinux_resolve(name, room.baseAddress, Int32(room.count))
        }
        guard count > 0 else { return [] }
        return raw.prefix(Int(count)).compactMap { TransportAddress($0)?.address }
    }
}
