internal import RelayCore

/// How routes are announced: the value of `--announce`.
package enum AnnounceMethod: Equatable, Sendable {
    /// Addresses on this interface.
    case link(String)
    /// ExaBGP's process API on standard output, or into a named pipe.
    case exabgp(pipe: String?)
    /// A command in a shell, with ADDRESS, LEVEL and PREFIX in its environment.
    case command(String)

    /// Reads `link:NAME`, `exabgp`, `exabgp:PATH` or `exec:COMMAND`; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        let rest = parts.count > 1 ? parts[1] : nil
        switch (parts[0], rest) {
        case ("link", let name?) where Self.isInterface(name): self = .link(name)
        case ("exabgp", nil): self = .exabgp(pipe: nil)
        case ("exabgp", let path?) where path.hasPrefix("/"): self = .exabgp(pipe: path)
        case ("exec", let command?) where !command.isEmpty: self = .command(command)
        default: return nil
        }
    }

    /// Interfaces, by name, that announced addresses are put on. Nothing is received there.
    package var interfaces: [String] {
        guard case .link(let name) = self else { return [] }
        return [name, name + LinkRouteDriver.suffix]
    }

    /// Room is left for the suffix of the second interface.
    private static func isInterface(_ name: String) -> Bool {
        let longest = NetworkLink.longestName - LinkRouteDriver.suffix.utf8.count
        return !name.isEmpty && name.utf8.count <= longest && !name.contains { $0 == "/" || $0.isWhitespace }
    }
}
