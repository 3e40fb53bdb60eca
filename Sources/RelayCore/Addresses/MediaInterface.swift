@_exported public import WireFormat

/// One address that media is received on and sent from, under a name that offers can ask for.
///
/// Written `[NAME/]LOCAL[!ADVERTISED]`, as in rtpengine's `--interface`.
public struct MediaInterface: Hashable, Sendable {
    /// The name when none is given.
    public static let defaultName = "default"

    /// The logical interface; several addresses may share one name.
    public var name: String
    /// The address that ports are opened on.
    public var local: IPAddress
    /// The address that the SDP shows, when it is not the local one (NAT, cloud).
    public var advertised: IPAddress
    /// The address of another relay, whose calls continue here when it is routed here. New calls do not use it.
    public var isBackup = false

    /// - Parameter advertised: `nil` for the local address.
    public init(name: String = Self.defaultName, local: IPAddress, advertised: IPAddress? = nil) {
        (self.name, self.local, self.advertised) = (name, local, advertised ?? local)
    }

    /// Parses `[NAME/]LOCAL[!ADVERTISED]`; `nil` when an address is not an IP literal or the name is empty.
    public init?(_ text: String) {
        var rest = text[...]
        var name = Self.defaultName[...]
        if let slash = rest.firstIndex(of: "/") {
            name = rest[..<slash]
            rest = rest[rest.index(after: slash)...]
        }
        let parts = rest.split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        guard !name.isEmpty, let local = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(name: String(name), local: local)
            return
        }
        guard let advertised = IPAddress(parts[1]) else { return nil }
        self.init(name: String(name), local: local, advertised: advertised)
    }
}

extension MediaInterface: CustomStringConvertible {
    /// `NAME/LOCAL[!ADVERTISED]`.
    public var description: String { "\(name)/\(local)" + (advertised == local ? "" : "!\(advertised)") }
}
