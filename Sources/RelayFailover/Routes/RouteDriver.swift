package import RelayCore
package import WireFormat

/// Tells the network about an address. One thread uses it; a call may take as long as a system call, not longer.
package protocol RouteDriver: Sendable {
    /// Announces an address at this level from now on. Repeating it is harmless.
    func announce(_ address: IPAddress, at level: RouteLevel) throws(SystemError)
    /// Puts right what somebody else has changed since an address was announced at this level.
    ///
    /// - Returns: whether there was anything to do.
    func restore(_ address: IPAddress, at level: RouteLevel) throws(SystemError) -> Bool
}

/// Addresses on an interface that a routing daemon on this host exports: BIRD's `direct`, FRR's `redistribute connected`.
///
/// An address that is a last resort moves to a second interface, named after the first. It stays on the host, so that
/// packets on their way are served; a daemon that does not export that interface withdraws the route, one that exports it
/// with GRACEFUL_SHUTDOWN (RFC 8326) makes it the last choice.
package struct LinkRouteDriver: RouteDriver {
    /// Appended to the interface's name.
    package static let suffix = "-drain"

    private let link: NetworkLink
    private let drain: NetworkLink

    package init(interface name: String) throws(SystemError) {
        link = try NetworkLink(ensuring: name)
        drain = try NetworkLink(ensuring: name + Self.suffix)
    }

    package func announce(_ address: IPAddress, at level: RouteLevel) throws(SystemError) {
        _ = try restore(address, at: level)
    }

    package func restore(_ address: IPAddress, at level: RouteLevel) throws(SystemError) -> Bool {
        // First where it goes, then where it leaves: in between it is on both, never on none.
        let steps: [(link: NetworkLink, isPresent: Bool)] =
            switch level {
            case .home, .backup: [(link, true), (drain, false)]
            case .lastResort: [(drain, true), (link, false)]
            case .none: [(link, false), (drain, false)]
            }
        var hasChanged = false
        for step in steps where try step.link.set(address, isPresent: step.isPresent) { hasChanged = true }
        return hasChanged
    }
}

/// ExaBGP's process API: lines on standard output, or into its named pipe.
package struct ExaBGPRouteDriver: RouteDriver {
    private let descriptor: Int32

    /// - Parameter descriptor: where the lines go; 1 when ExaBGP has started us.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    package func announce(_ address: IPAddress, at level: RouteLevel) throws(SystemError) {
        try GuardedProcess.write(Self.line(address, level), to: descriptor)
    }

    /// What ExaBGP has been told it keeps.
    package func restore(_ address: IPAddress, at level: RouteLevel) -> Bool { false }

    /// The command for a level, as ExaBGP's API has it.
    package static func line(_ address: IPAddress, _ level: RouteLevel) -> String {
        let prefix = "\(address)/\(address.family == .ipv4 ? 32 : 128)"
        return switch level {
        case .none: "withdraw route \(prefix) next-hop self\n"
        case .lastResort: "announce route \(prefix) next-hop self med 1000 community [65535:0]\n"
        case .backup: "announce route \(prefix) next-hop self med 200\n"
        case .home: "announce route \(prefix) next-hop self med 100\n"
        }
    }
}
