internal import WireFormat

/// What stands behind an option, as a value.
enum ValueParsing {
    /// An integer within `range`: in decimal digits, or in hexadecimal ones as rtpengine's command line takes a TOS (`0xb8`).
    static func integer(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        let digits = withoutComment(text)
        let hexadecimal = digits.lowercased().hasPrefix("0x") ? digits.dropFirst(2) : nil
        let number =
            hexadecimal.map { $0.first?.isHexDigit == true ? Int($0, radix: 16) : nil } ?? Int(digits)
        guard let number, range.contains(number) else {
            throw ValueProblem("'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A limit in seconds; 0 and less stand for the usual one, as in rtpengine.
    static func timeout(_ text: String, usual: Int) throws(ValueProblem) -> Int {
        let seconds = try integer(text, in: Int(Int32.min)...Int(Int32.max))
        return seconds > 0 ? seconds : usual
    }

    /// rtpengine takes a comment behind a number, and no other one behind a value.
    private static func withoutComment(_ text: String) -> String {
        let parts = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        guard parts.count == 2, let mark = parts[1].first, mark == "#" || mark == ";" else { return text }
        return String(parts[0])
    }

    /// A port other than 0.
    static func port(_ text: some StringProtocol) throws(ValueProblem) -> UInt16 {
        guard let port = UInt16(text), port > 0, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
            throw ValueProblem("'\(text)' is not a port (1-65535)")
        }
        return port
    }

    /// A number that may have decimals, within `range`.
    static func number(_ text: String, in range: ClosedRange<Double>) throws(ValueProblem) -> Double {
        guard let number = Double(withoutComment(text)), range.contains(number) else {
            throw ValueProblem("'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `[ADDRESS:]PORT`, `[HOST:]PORT`; a bare port is one on all addresses of both families, while `0.0.0.0` is IPv4 alone,
    /// as in rtpengine. A host name stands for all of its addresses.
    static func listenAddresses(_ text: String, on host: HostNetwork) throws(ValueProblem) -> [TransportAddress] {
        guard let colon = text.lastIndex(of: ":") else {
            let port = try port(text)
            return [AddressFamily.ipv4, .ipv6].map { TransportAddress(.unspecified($0), port: port) }
        }
        if let address = TransportAddress(text), address.port > 0 {
            guard !address.address.isMulticast else { throw ValueProblem("'\(text)' is a multicast address") }
            return [address]
        }
        let name = text[..<colon]
        // An IPv6 address without brackets: what is behind the last colon is the port.
        if let address = IPAddress(name), address.family == .ipv6,
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        {
            return [TransportAddress(address, port: port)]
        }
        guard isName(name), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw ValueProblem("'\(text)' is not an address; write IPV4:PORT, [IPV6]:PORT, HOST:PORT or PORT")
        }
        let addresses = host.addresses(of: String(name))
        guard !addresses.isEmpty else { throw ValueProblem("'\(name)' is no name of a host or network device") }
        return addresses.map { TransportAddress($0, port: port) }
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            && text.contains { $0.isLetter }
    }

    /// `[NAME/]LOCAL[!ADVERTISED]`. LOCAL is an address, which is returned as it came; or `any`, a network device or a
    /// host, which stand for all of their addresses. Where ADVERTISED is a name, one of its addresses is returned instead.
    static func interfaces(_ text: String, on host: HostNetwork) throws(ValueProblem) -> [String] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let hosts = (parts.last ?? "").split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = parts.count == 2 ? "\(parts[0])/" : ""
        let local = try locals(hosts[0], on: host)
        guard hosts.count == 2, literal(hosts[1]) == nil, isName(hosts[1]) else {
            let suffix = hosts.count == 2 ? "!\(hosts[1])" : ""
            return try local.map { (local) throws(ValueProblem) in try interface("\(prefix)\(local)\(suffix)") }
        }
        let advertised = try addresses(of: hosts[1], on: host)
        return try local.map { (local) throws(ValueProblem) in
            let family = literal(local[...])?.family
            // Which name servers answer first with is chance, and a phone that has IPv4 only can do nothing with IPv6.
            guard let one = advertised.first(where: { $0.family == family }) ?? advertised.first else { return local }
            return try interface("\(prefix)\(local)!\(one)")
        }
    }

    /// What stands before `!`, as addresses; or as it came.
    private static func locals(_ text: Substring, on host: HostNetwork) throws(ValueProblem) -> [String] {
        guard literal(text) == nil, isName(text) else { return [String(text)] }
        guard text == "any" else { return try addresses(of: text, on: host).map(\.description) }
        let addresses = host.reachable
        guard !addresses.isEmpty else { throw ValueProblem("'any': this host has no address that others can reach") }
        return addresses.map(\.description)
    }

    /// The addresses behind a name, at least one.
    private static func addresses(of name: Substring, on host: HostNetwork) throws(ValueProblem) -> [IPAddress] {
        let addresses = host.addresses(of: String(name))
        guard !addresses.isEmpty else {
            throw ValueProblem("'\(name)' is no address, and no name of a network device or host")
        }
        return addresses
    }

    /// `ALIAS=NAME`, or `nil` when the text is an interface.
    static func alias(_ text: String) throws(ValueProblem) -> (alias: String, name: String)? {
        guard let sign = text.firstIndex(of: "="), !text[..<sign].contains("/") else { return nil }
        let (alias, name) = (String(text[..<sign]), String(text[text.index(after: sign)...]))
        guard !alias.isEmpty, !name.isEmpty else { throw ValueProblem("'\(text)' is not of the form ALIAS=NAME") }
        return (alias, name)
    }

    private static func interface(_ text: String) throws(ValueProblem) -> String {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let hosts = (parts.last ?? "").split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 1 || !parts[0].isEmpty else {
            throw ValueProblem("'\(text)' has an empty name before '/'")
        }
        for host in hosts {
            guard let address = literal(host) else {
                throw ValueProblem("'\(host)' is not an IP address; write [NAME/]ADDRESS[!ADVERTISED]")
            }
            guard !address.isUnspecified, !address.isMulticast else {
                throw ValueProblem("'\(host)' cannot carry media; name one address of this host")
            }
        }
        return text
    }

    /// An address; brackets around an IPv6 address are allowed.
    private static func literal(_ text: Substring) -> IPAddress? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return IPAddress(text) }
        return IPAddress(text.dropFirst().dropLast()).flatMap { $0.family == .ipv6 ? $0 : nil }
    }

    /// The raw value of an enumeration.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String, _: Choice.Type = Choice.self
    ) throws(ValueProblem) -> Choice {
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValueProblem("'\(text)' is none of \(all)")
        }
        return choice
    }

    /// A truth value as in the configuration file.
    static func boolean(_ text: String) throws(ValueProblem) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw ValueProblem("'\(text)' is neither true nor false")
        }
    }

    /// A text that is not empty.
    static func text(_ text: String) throws(ValueProblem) -> String {
        guard !text.isEmpty else { throw ValueProblem("the value is empty") }
        return text
    }
}
