import HostTuning
import WireFormat

/// Hosts as they are met, before anybody has tuned them.
enum Hosts {
    static let address = IPAddress(ipv4: 0xC633_6405)  // 198.51.100.5

    static func demand(threads: Int? = nil, isPinned: Bool = false) -> RelayDemand {
        var demand = RelayDemand()
        demand.addresses = [address]
        demand.ports = 20_000...31_999
        (demand.mediaThreads, demand.isPinned) = (threads, isPinned)
        return demand
    }

    /// What Debian sets.
    static func host(cores: Int, _ interfaces: [InterfaceState]) -> HostState {
        var host = HostState(cores: Array(0..<cores))
        let core = "/proc/sys/net/core"
        host.files = [
            "\(core)/rmem_max": "212992", "\(core)/wmem_max": "212992", "\(core)/netdev_budget": "300",
            "\(core)/netdev_budget_usecs": "8000", "\(core)/netdev_max_backlog": "1000",
            "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999", "/proc/sys/net/ipv4/ip_local_reserved_ports": "",
            "/proc/sys/net/ipv4/conf/all/rp_filter": "0",
        ]
        host.interfaces = [loopback] + interfaces
        for interface in host.interfaces {
            host.files["/proc/sys/net/ipv4/conf/\(interface.name)/rp_filter"] = interface.name == "lo" ? "0" : "2"
        }
        return host
    }

    private static var loopback: InterfaceState {
        var interface = InterfaceState(name: "lo", index: 1)
        interface.leadsOut = false
        interface.addresses = [IPAddress(ipv4: 0x7F00_0001)]
        interface.receiveSteering = [.none]
        return interface
    }

    /// A card with as many interrupts as queues, all on core 0 at first.
    static func card(_ name: String, index: Int, driver: String, queues: Int, interrupt first: Int) -> InterfaceState {
        var card = InterfaceState(name: name, index: index)
        card.driver = driver
        card.receiveSteering = Array(repeating: .none, count: queues)
        card.sendSteering = queues > 1 ? Array(repeating: .none, count: queues) : []
        card.interrupts = (0..<queues).map { Interrupt(number: first + $0, queue: $0, cores: ProcessorSet([0])) }
        return card
    }

    /// A virtual machine.
    static var virtio: HostState {
        var card = card("eth0", index: 2, driver: "virtio_net", queues: 1, interrupt: 30)
        card.addresses = [address]
        card.queues = Limited(1, of: 1)
        card.ring = Limited(256, of: 256)
        card.coalescing = Coalescing(microseconds: 0, isAdaptive: false)
        var host = host(cores: 2, [card])
        host.isVirtual = true
        host.files["/sys/module/haltpoll/parameters/guest_halt_poll_ns"] = "0"
        host.files["/sys/devices/system/cpu/cpuidle/current_governor"] = "haltpoll"
        return host
    }

    /// Rules by port with masks, and four of eight queues in use.
    static func mlx5(queues: Int = 4) -> HostState {
        var card = mlx5Card("ens1f0", index: 2, queues: queues)
        card.addresses = [address, IPAddress("2001:db8::5")!]  // a literal
        var host = host(cores: 8, [card])
        host.balancesInterrupts = true
        host.tracksConnections = true
        return host
    }

    /// Four of them in a bond with the address.
    static var fourCards: HostState {
        let names = ["ens1f0", "ens1f1", "ens2f0", "ens2f1"]
        var bond = InterfaceState(name: "bond0", index: 9)
        bond.addresses = [address]
        bond.lower = names
        return host(cores: 8, names.enumerated().map { mlx5Card($1, index: 2 + $0, queues: 4) } + [bond])
    }

    private static func mlx5Card(_ name: String, index: Int, queues: Int) -> InterfaceState {
        var card = card(name, index: index, driver: "mlx5_core", queues: queues, interrupt: 50 * index)
        card.queues = Limited(queues, of: 16)
        card.ring = Limited(1024, of: 8192)
        card.coalescing = Coalescing(microseconds: 8, isAdaptive: true)
        card.hash = [.ipv4: .addressesAndPorts, .ipv6: .addressesAndPorts]
        card.spread = Spread(queues: queues)
        card.filters = Filters(isEnabled: false)
        card.localCores = ProcessorSet(0..<8)
        return card
    }

    /// A hash, and no rules.
    static func ixgbe(_ name: String = "eth0", index: Int = 2, addresses: [IPAddress] = [address]) -> InterfaceState {
        var card = card(name, index: index, driver: "ixgbe", queues: 4, interrupt: 40 + 10 * index)
        card.addresses = addresses
        card.queues = Limited(4, of: 63)
        card.ring = Limited(512, of: 4096)
        card.coalescing = Coalescing(microseconds: 1000, isAdaptive: false)
        card.hash = [.ipv4: .addressesAndPorts, .ipv6: .addresses]
        card.spread = Spread(queues: 2)
        return card
    }

    static var veth: HostState {
        var pair = InterfaceState(name: "eth0", index: 7)
        pair.addresses = [address]
        pair.receiveSteering = Array(repeating: .none, count: 4)
        pair.sendSteering = Array(repeating: .none, count: 4)
        pair.queues = Limited(4, of: 4)
        return host(cores: 2, [pair])
    }

    /// The address is on a VLAN, the VLAN on a bond, the bond on two cards.
    static var bonded: HostState {
        var bond = InterfaceState(name: "bond0", index: 4)
        bond.lower = ["eth0", "eth1"]
        bond.receiveSteering = [.none]
        var vlan = InterfaceState(name: "bond0.30", index: 5)
        vlan.lower = ["bond0"]
        vlan.addresses = [address]
        vlan.receiveSteering = [.none]
        let other = card("eth2", index: 6, driver: "igb", queues: 2, interrupt: 200)
        return host(cores: 4, [ixgbe(addresses: []), ixgbe("eth1", index: 3, addresses: []), bond, vlan, other])
    }
}
