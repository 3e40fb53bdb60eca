package import WireFormat

/// Where a control listener waits: `ADDRESS:PORT`, `[IPV6]:PORT`, `NAME:PORT`, or a bare `PORT` on every address.
package enum ListenAddress: Hashable, Sendable {
    /// One address, or the wildcard of one family.
    case address(TransportAddress)
    /// Every IPv4 and every IPv6 address of the host.
    case everyAddress(port: UInt16)
    /// A name to be resolved at start.
    case name(String, port: UInt16)

    /// Parses what stands behind an option such as `listen-ng`.
    package init(_ text: String) throws(ValueProblem) {
        guard let colon = text.lastIndex(of: ":") else {
            guard let port = Self.port(text) else {
                throw ValueProblem("'\(text)' is not a port (1-65535); write [ADDRESS:]PORT")
            }
            self = .everyAddress(port: port)
            return
        }
        guard let port = Self.port(text[text.index(after: colon)...]) else {
            throw ValueProblem("'\(text)' does not end in a port (1-65535); write ADDRESS:PORT")
        }
        switch try HostName(bracketed: text[..<colon]) {
        case .address(let address): self = .address(TransportAddress(address, port: port))
        case .name(let name): self = .name(name, port: port)
        }
    }

    /// A port number other than 0, in plain decimal digits.
    static func port(_ text: some StringProtocol) -> UInt16? {
        guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
        return UInt16(text).flatMap { $0 == 0 ? nil : $0 }
    }

    /// The port.
    package var port: UInt16 {
        switch self {
        case .address(let address): address.port
        case .everyAddress(let port), .name(_, let port): port
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .everyAddress(let port): "\(port)"
        case .name(let name, let port): "\(name):\(port)"
        }
    }
}

/// A host in an option: a literal address, or a name that is resolved at start.
package enum HostName: Hashable, Sendable {
    case address(IPAddress)
    case name(String)

    /// RFC 1035 §2.3.4.
    private static let longestName = 253

    /// Parses an address or a name; brackets around an IPv6 address are allowed.
    package init(bracketed text: some StringProtocol) throws(ValueProblem) {
        if text.hasPrefix("["), text.hasSuffix("]"), text.count > 2 {
            guard let address = IPAddress(text.dropFirst().dropLast()), address.family == .ipv6 else {
                throw ValueProblem("'\(text)' is not an IPv6 address")
            }
            self = .address(address)
            return
        }
        if let address = IPAddress(text) {
            self = .address(address)
            return
        }
        guard Self.isName(text) else {
            throw ValueProblem("'\(text)' is neither an IP address nor a host name")
        }
        self = .name(String(text))
    }

    /// Letters, digits, `.`, `-`, `_` and `@` (which Linux allows in interface names), and not digits and dots alone:
    /// `192.0.2` is a mistyped address, not a name.
    private static func isName(_ text: some StringProtocol) -> Bool {
        guard (1...longestName).contains(text.utf8.count) else { return false }
        var hasLetter = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): hasLetter = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "@"): break
            default: return false
            }
        }
        return hasLetter
    }
}

extension HostName: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .name(let name): name
        }
    }
}

/// A server to connect to: `HOST:PORT`.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    package let host: HostName
    package let port: UInt16

    package init(_ host: HostName, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Parses `ADDRESS:PORT`, `[IPV6]:PORT` or `NAME:PORT`.
    package init(_ text: some StringProtocol) throws(ValueProblem) {
        guard let colon = text.lastIndex(of: ":"), let port = ListenAddress.port(text[text.index(after: colon)...])
        else { throw ValueProblem("'\(text)' does not end in a port (1-65535); write HOST:PORT") }
        (host, self.port) = (try HostName(bracketed: text[..<colon]), port)
    }

    package var description: String {
        if case .address(let address) = host { return TransportAddress(address, port: port).description }
        return "\(host):\(port)"
    }
}
