internal import Synchronization
package import WireFormat

/// An address of a logical interface, with its ports.
package final class LocalInterface: Sendable {
    package let configuration: MediaInterface
    package let ports: PortPool
    /// How the sources that are heard here were heard.
    let quality = Mutex(QualityTotals())
    let traffic = Mutex(TrafficState())

    init(_ configuration: MediaInterface, ports: PortPool) {
        (self.configuration, self.ports) = (configuration, ports)
    }

    package var family: AddressFamily { configuration.local.family }
}

/// The interfaces, in the order of the configuration: the first of a family is the default of that family.
package struct InterfaceTable: Sendable {
    package let interfaces: [LocalInterface]
    /// Other names for interfaces, by which offers may ask for them.
    let aliases: [String: String]
    let turn = InterfaceTurn()
    /// By family, the base of its first interface, if that has one (`BASE:1`).
    let defaultBases: [AddressFamily: String]

    /// Two names for one address share its ports.
    ///
    /// - Parameters:
    ///   - aliases: other names, each with the name that it stands for.
    ///   - areShared: other relays open ports on the same addresses.
    ///   - occupied: ports that other programs have.
    ///   - lanes: which media threads ports are meant for.
    package init(
        _ configurations: [MediaInterface], ports: ClosedRange<UInt16>, aliases: [String: String] = [:],
        areShared: Bool = false, occupied: Set<UInt16> = [], lanes: PortLanes = .single
    ) {
        self.aliases = aliases
        var pools: [IPAddress: PortPool] = [:]
        interfaces = configurations.map { configuration in
            let share: PortPool.Share = configuration.isBackup ? .backup : areShared ? .primary : .all
            let pool =
                pools[configuration.local]
                ?? PortPool(
                    address: configuration.local, range: ports, share: share, occupied: occupied, lanes: lanes)
            pools[configuration.local] = pool
            return LocalInterface(configuration, ports: pool)
        }
        var bases: [AddressFamily: String] = [:]
        for family in [AddressFamily.ipv4, .ipv6] {
            let first = configurations.first { !$0.isBackup && $0.local.family == family }
            guard let name = first?.name, let colon = name.lastIndex(of: ":") else { continue }
            bases[family] = String(name[..<colon])
        }
        defaultBases = bases
    }

    /// True when packets to this address would come to us.
    package func owns(_ remote: TransportAddress) -> Bool {
        interfaces.contains { interface in
            let addresses = interface.configuration
            return (addresses.local == remote.address || addresses.advertised == remote.address)
                && interface.ports.range.contains(remote.port)
        }
    }

    /// Whether an offer can ask for that name.
    package func contains(name: String) -> Bool {
        let name = aliases[name] ?? name
        return interfaces.contains { $0.configuration.name == name } || !members(of: name).isEmpty
    }

    /// The interface of that name and family; else the first of that family; else the first of that name; else the
    /// first. Never fails: a call on the wrong interface can be heard, one without cannot.
    ///
    /// Addresses that this relay only backs up are for calls that are there already, not for new ones.
    package func select(name: String?, family: AddressFamily) -> LocalInterface {
        let own = interfaces.lazy.filter { !$0.configuration.isBackup }
        let named = own.filter { $0.configuration.name == name }
        return named.first { $0.family == family } ?? own.first { $0.family == family } ?? named.first ?? own.first
            ?? interfaces[0]
    }

    /// The interface with that name and local address, for a call that was set up elsewhere.
    package func find(name: String, local: IPAddress) -> LocalInterface? {
        interfaces.first { $0.configuration.name == name && $0.configuration.local == local }
            ?? interfaces.first { $0.configuration.local == local }
    }
}
