internal import CLinux
internal import Glibc
package import WireFormat

/// A network interface that carries nothing but addresses: what is on it is what routing daemons announce.
package struct NetworkLink: Equatable, Sendable {
    /// The longest name of an interface, in octets (IFNAMSIZ less the terminator).
    package static let longestName = 15

    package let name: String

    /// Finds the interface, or makes a dummy interface of that name (or an `ifb`, where there are no dummies), and
    /// sets it up. Takes CAP_NET_ADMIN.
    package init(ensuring name: String) throws(SystemError) {
        self.name = name
        _ = try ensure()
    }

    private func ensure() throws(SystemError) -> (index: Int32, hasChanged: Bool) {
        var hasChanged = false
        // SAFETY: a terminated string, and a place for the answer, that live across the call.
        let index = unsafe clinux_link_ensure(name, &hasChanged)
        guard index > 0 else {
            // The kernel's "not supported" says nothing of what.
            let why = index == -EOPNOTSUPP ? " (this kernel has no dummy interfaces: make it beforehand)" : ""
            throw SystemError(errno: -index, operation: "make the interface \(name)\(why)")
        }
        return (index, hasChanged)
    }

    /// Adds an address (with /32 or /128) or removes it, and sees to it that the interface is there and up; what is so
    /// already stays so.
    ///
    /// - Returns: whether there was anything to do.
    package func set(_ address: IPAddress, isPresent: Bool) throws(SystemError) -> Bool {
        let (index, hasChanged) = try ensure()
        var raw = TransportAddress(address, port: 0).raw
        // SAFETY: the shim reads one structure that lives across the call.
        let result = unsafe clinux_link_address(index, &raw, isPresent)
        guard result >= 0 else {
            throw SystemError(
                errno: -result, operation: "\(isPresent ? "add \(address) to" : "remove \(address) from") \(name)")
        }
        return result > 0 || hasChanged
    }
}
