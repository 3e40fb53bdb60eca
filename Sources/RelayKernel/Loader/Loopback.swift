internal import Glibc
internal import RelayCore

/// The interface in whose name the program looks routes up.
///
/// The kernel refuses look-ups in the name of an interface that does not forward. On a relay's own interfaces forwarding
/// is off, and has to stay off: the host is no router. On the loopback it changes nothing, and a route that is looked up
/// in its name is the one that the host's own packets take.
enum Loopback {
    private static let name = "lo"

    /// Lets the loopback forward; its index.
    static func enableRouteLookUp() throws(SystemError) -> UInt32 {
        for family in ["ipv4", "ipv6"] {
            let path = "/proc/sys/net/\(family)/conf/\(name)/forwarding"
            // A host without IPv6 has nothing to look up there.
            // SAFETY: here and below, terminated strings that live across the calls.
            guard unsafe access(path, F_OK) == 0, contents(of: path)?.first != UInt8(ascii: "1") else { continue }
            let file = try Descriptor(unsafe open(path, O_WRONLY | O_CLOEXEC), orErrno: "let \(name) forward (\(path))")
            // SAFETY: one octet of a constant string.
            guard unsafe write(file.number, "1", 1) == 1 else {
                throw SystemError(errno: errno, operation: "let \(name) forward (\(path))")
            }
        }
        let index = unsafe if_nametoindex(name)
        guard index != 0 else { throw SystemError(errno: errno, operation: "find the loopback interface") }
        return index
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
