internal import DaemonOptions
internal import Glibc
internal import Logging
internal import RelayCore
internal import WireFormat

/// What came of listening at the addresses of one option. A host without IPv6 (or IPv4) listens where it can when the option
/// has named a port or a host, and neither of the two families.
struct ListenerAttempts<Opened> {
    /// The host does not have the family, or not the address.
    private static var absences: [Int32] { [EAFNOSUPPORT, EADDRNOTAVAIL] }

    private let alternatives: Set<TransportAddress>
    private var results: [(port: UInt16, opened: Opened?)] = []
    private var missing: [(address: TransportAddress, error: SystemError)] = []

    init(_ configuration: Configuration) { alternatives = configuration.alternativeListeners }

    /// We listen there.
    mutating func opened(_ listener: Opened, at address: TransportAddress) {
        results.append((address.port, listener))
    }

    /// We do not listen there.
    ///
    /// - Throws: the error, unless it may be that another address is enough.
    mutating func failed(_ error: any Error, at address: TransportAddress) throws {
        guard let error = error as? SystemError, alternatives.contains(address), Self.absences.contains(error.errno)
        else { throw error }
        results.append((address.port, nil))
        missing.append((address, error))
    }

    /// What was opened, in the order of the addresses; `nil` for one that this host does not have.
    ///
    /// - Throws: when nothing is left of a name or port.
    func finish(_ log: Logger) throws -> [Opened?] {
        for (address, error) in missing {
            guard results.contains(where: { $0.port == address.port && $0.opened != nil }) else { throw error }
            log.warning("no commands are taken at \(address), which this host does not have: \(error)")
        }
        return results.map(\.opened)
    }
}
