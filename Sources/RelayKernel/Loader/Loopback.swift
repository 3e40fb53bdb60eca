internal import Glibc
internal import RelayCore

/// The interface in whose name the program looks routes up.
///
/// The kernel refuses look-ups in the name of an interface that does not forward. On a relay's own interfaces forwarding
/// is off, and has to stay off: the host is no router. On the loopback it changes nothing, and a route that is looked up
/// in its name is the one that the host's own packets take.
enum Loopback {
    private static let name = "lo"
    private static let settings = "/proc/sys/net"

    static var index: UInt32 {
        get throws(SystemError) {
            // SAFETY: a constant string.
            let index = unsafe if_nametoindex(name)
            guard index != 0 else { throw SystemError(errno: errno, operation: "find the loopback interface") }
            return index
        }
    }

    /// Lets the loopback forward.
    ///
    /// Whoever writes `net.ipv6.conf.all.forwarding` or changes `net.ipv4.ip_forward`, as hardening scripts do, takes that back.
    ///
    /// - Returns: whether it did not before.
    @discardableResult
    static func enableRouteLookUp() throws(SystemError) -> Bool {
        var hasChanged = false
        for family in ["ipv4", "ipv6"] {
            let path = "\(settings)/\(family)/conf/\(name)/forwarding"
            // A host without IPv6 has nothing to look up there.
            guard let now = contents(of: path), now.first != UInt8(ascii: "1") else { continue }
            if family == "ipv6" {
                try keepingAdvertisedRoutes { () throws(SystemError) in try set(path, "1") }
            } else {
                try set(path, "1")
            }
            hasChanged = true
        }
        return hasChanged
    }

    /// When any interface begins to forward, the kernel takes the default routes away that it has learned from routers
    /// (`rt6_purge_dflt_routers`), but those of interfaces that listen to routers although they forward (`accept_ra` 2).
    /// For that moment all do that listen at all.
    private static func keepingAdvertisedRoutes(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        var listening: [String] = []
        // They could be written a moment ago.
        defer { for path in listening { try? set(path, "1") } }
        for device in try NetworkDevice.all() {
            let path = "\(settings)/ipv6/conf/\(device.name)/accept_ra"
            guard contents(of: path)?.first == UInt8(ascii: "1") else { continue }
            try set(path, "2")
            listening.append(path)
        }
        try body()
    }

    private static func set(_ path: String, _ value: String) throws(SystemError) {
        // SAFETY: terminated strings that live across the calls.
        let file = try Descriptor(unsafe open(path, O_WRONLY | O_CLOEXEC), orErrno: "write \(path)")
        guard unsafe write(file.number, value, value.utf8.count) == value.utf8.count else {
            throw SystemError(errno: errno, operation: "write \(path)")
        }
    }

    /// What the host's own packets start with.
    static var defaultHopLimit: UInt16 {
        let digits = contents(of: "/proc/sys/net/ipv4/ip_default_ttl") ?? []
        return UInt16(String(decoding: digits.prefix { $0 >= 48 && $0 <= 57 }, as: UTF8.self)) ?? 64
    }

    private static func contents(of path: String) -> [UInt8]? {
        guard let file = try? Descriptor(unsafe open(path, O_RDONLY | O_CLOEXEC), orErrno: path) else { return nil }
        var octets = [UInt8](repeating: 0, count: 16)
        // SAFETY: at most as many octets as the array has.
        let count = unsafe octets.withUnsafeMutableBytes { unsafe read(file.number, $0.baseAddress, $0.count) }
        return count < 0 ? nil : Array(octets.prefix(count))
    }
}
