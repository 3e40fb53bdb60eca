package import WireFormat

/// One entry of the list of logical interfaces, in the order in which they were given.
package enum InterfaceDefinition: Hashable, Sendable {
    /// `[NAME/]LOCAL[!ADVERTISED]`, or a section of the configuration file.
    case interface(InterfaceSpecification)
    /// `ALIAS=NAME`: another name to look an interface up by.
    case alias(String, of: String)

    /// Parses one element of the option `interface`.
    package init(_ text: String) throws(ValueProblem) {
        let usage = "write [NAME/]ADDRESS[!ADVERTISED] or ALIAS=NAME"
        var name = "default"
        var rest = text[...]
        if let mark = text.firstIndex(where: { $0 == "/" || $0 == "=" }) {
            let head = text[..<mark]
            rest = text[text.index(after: mark)...]
            guard !head.isEmpty, !rest.isEmpty else { throw ValueProblem("'\(text)' is incomplete; \(usage)") }
            if text[mark] == "=" {
                self = .alias(String(head), of: String(rest))
                return
            }
            name = String(head)
        }
        let parts = rest.split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        guard !parts[0].isEmpty, parts.count == 1 || !parts[1].isEmpty else {
            throw ValueProblem("'\(text)' is incomplete; \(usage)")
        }
        var specification = InterfaceSpecification(name: name, local: try InterfaceSpecification.host(parts[0]))
        if parts.count == 2 { specification.advertised = try InterfaceSpecification.host(parts[1]) }
        self = .interface(specification)
    }
}

/// A logical interface as it was written: names are resolved when the relay starts.
package struct InterfaceSpecification: Hashable, Sendable {
    /// The name by which NG messages ask for it; `BASE:SUFFIX` is one of several that take turns.
    package var name: String
    /// Where media sockets are bound: an address, `any`, the name of a network device, or a host name.
    package var local: HostName
    /// What stands in our SDP, if it is not the local address.
    package var advertised: HostName?
    /// Its own range of ports, if it is not the common one.
    package var ports: ClosedRange<UInt16>?
    /// Ports inside the range that are never used.
    package var excludedPorts: Set<UInt16> = []

    package init(name: String, local: HostName) { (self.name, self.local) = (name, local) }

    /// A usable address or a name: neither the wildcard nor a multicast group can carry media.
    static func host(_ text: some StringProtocol) throws(ValueProblem) -> HostName {
        let host = try HostName(bracketed: text)
        if case .address(let address) = host {
            guard !address.isUnspecified else {
                throw ValueProblem("'\(text)' is a wildcard; name one address, or 'any' for all addresses of the host")
            }
            guard !address.isMulticast else { throw ValueProblem("'\(text)' is a multicast address") }
        }
        return host
    }
}

extension InterfaceSpecification {
    /// Reads a section `[PREFIX-NAME]` of the configuration file.
    static func fromSection(
        _ section: ConfigurationFile.Section, named defaultName: String
    ) throws(OptionError) -> InterfaceDefinition {
        func value(_ keys: String...) -> ConfigurationFile.Entry? {
            section.entries.last { keys.contains($0.key) }
        }
        let known: Set = [
            "address", "name", "alias", "advertised", "advertised address", "advertised-address",
            "advertised_address", "port-min", "port-max", "exclude-ports",
        ]
        for entry in section.entries where !known.contains(entry.key) {
            throw OptionError("unknown key '\(entry.key)' for an interface", at: entry.location)
        }
        if let alias = value("alias") { return .alias(defaultName, of: alias.text) }
        guard let address = value("address") else {
            throw OptionError("interface section [\(section.name)] has no 'address'", at: section.location)
        }
        let name = value("name")?.text ?? defaultName
        var interface = InterfaceSpecification(name: name, local: try address.parsed(host))
        if let advertised = value("advertised", "advertised address", "advertised-address", "advertised_address") {
            interface.advertised = try advertised.parsed(host)
        }
        let (low, high) = (value("port-min"), value("port-max"))
        if low != nil || high != nil {
            let first = try low?.parsed(port) ?? MediaOptions.defaultPorts.lowerBound
            let last = try high?.parsed(port) ?? MediaOptions.defaultPorts.upperBound
            guard first < last else {
                throw OptionError("port-min (\(first)) is not below port-max (\(last))", at: section.location)
            }
            interface.ports = first...last
        }
        if let excluded = value("exclude-ports") {
            for text in excluded.elements {
                guard let port = ListenAddress.port(text) else {
                    throw OptionError("'\(text)' is not a port (1-65535)", option: excluded.key, at: excluded.location)
                }
                interface.excludedPorts.insert(port)
            }
        }
        return .interface(interface)
    }

    private static func port(_ text: String) throws(ValueProblem) -> UInt16 {
        guard let port = ListenAddress.port(text) else { throw ValueProblem("'\(text)' is not a port (1-65535)") }
        return port
    }
}
