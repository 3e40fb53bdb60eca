import HostTuning
import Testing
import WireFormat

@Suite struct PlannerTests {
    private func plan(_ host: HostState, _ demand: RelayDemand = Hosts.demand()) throws -> TuningPlan {
        try Planner(host, for: demand).plan
    }

    private func commands(_ plan: TuningPlan, _ topic: String) -> [String] {
        plan.steps.filter { $0.topic == topic }.flatMap { $0.changes.map(\.command) }
    }

    @Test("one queue: the kernel hands packets on to all cores; nothing is steered, no thread is pinned")
    func singleQueue() throws {
        let plan = try plan(Hosts.virtio)
        #expect(commands(plan, "receive steering") == ["echo '3' > /sys/class/net/eth0/queues/rx-0/rps_cpus"])
        #expect(commands(plan, "send steering").isEmpty && commands(plan, "steering").isEmpty)
        #expect(commands(plan, "interrupt delay") == ["ethtool -C eth0 rx-usecs 50"])
        #expect(commands(plan, "backlog") == ["echo '16384' > /proc/sys/net/core/netdev_max_backlog"])
        #expect(
            commands(plan, "idle polling") == ["echo '200000' > /sys/module/haltpoll/parameters/guest_halt_poll_ns"])
        #expect(plan.advised.isEmpty)
        var physical = Hosts.virtio
        physical.isVirtual = false
        #expect(try commands(self.plan(physical), "idle polling").isEmpty)
    }

    @Test("rules by port: one for each thread and family, their masks as ethtool(8) has them")
    func rules() throws {
        var demand = Hosts.demand(threads: 4, isPinned: true)
        demand.addresses.append(try #require(IPAddress("2001:db8::5")))
        let steering = commands(try plan(Hosts.mlx5(), demand), "steering")
        #expect(steering.count == 9)
        #expect(steering.first == "ethtool -K ens1f0 ntuple on")
        #expect(steering.contains("ethtool -N ens1f0 flow-type udp4 dst-port 0x0 m 0xffcf action 0"))
        #expect(steering.contains("ethtool -N ens1f0 flow-type udp4 dst-port 0x30 m 0xffcf action 3"))
        #expect(steering.contains("ethtool -N ens1f0 flow-type udp6 dst-port 0x20 m 0xffcf action 2"))
    }

    @Test("rules that lead elsewhere are replaced, others' rules stay")
    func staleRules() throws {
        var host = Hosts.mlx5()
        let place = try #require(host.interfaces.firstIndex { $0.name == "ens1f0" })
        host.interfaces[place].filters = Filters(
            isEnabled: true,
            portRules: [
                PortRule(family: .ipv4, port: 0x10, mask: 0x30, queue: 3, location: 9),
                PortRule(family: .ipv4, port: 0x20, mask: 0x30, queue: 2, location: 8),
                PortRule(family: .ipv4, port: 53, mask: 0xFFFF, queue: 0, location: 7),
            ])
        let pinned = commands(try plan(host, Hosts.demand(threads: 4, isPinned: true)), "steering")
        #expect(
            pinned == [
                "ethtool -N ens1f0 delete 9", "ethtool -N ens1f0 flow-type udp4 dst-port 0x0 m 0xffcf action 0",
                "ethtool -N ens1f0 flow-type udp4 dst-port 0x10 m 0xffcf action 1",
                "ethtool -N ens1f0 flow-type udp4 dst-port 0x30 m 0xffcf action 3",
            ])
        let free = try plan(host, Hosts.demand(threads: 4))
        #expect(
            commands(free, "old rules") == ["ethtool -N ens1f0 delete 9", "ethtool -N ens1f0 delete 8"])
    }

    @Test("threads that are not pinned, or no power of two, get a hash of addresses; people are told what to set")
    func hashes() throws {
        for demand in [Hosts.demand(threads: 4), Hosts.demand(threads: 3, isPinned: true)] {
            let plan = try plan(Hosts.mlx5(), demand)
            #expect(commands(plan, "steering").isEmpty)
            #expect(commands(plan, "hash of UDP/IPv4") == ["ethtool -N ens1f0 rx-flow-hash udp4 sd"])
            #expect(commands(plan, "hash of UDP/IPv6").isEmpty)
            let advice = plan.advised.first { $0.topic == "media threads" }?.advice ?? []
            #expect(advice.first?.hasPrefix("socket-cpu-affinity = 8 ") == true)
            #expect(advice.dropFirst() == ["num-threads = 8"])
        }
        var few = Hosts.demand(threads: 4, isPinned: true)
        few.steering = .flows
        var host = Hosts.mlx5()
        host.interfaces[1].hash[.ipv4] = .addresses
        #expect(
            commands(try plan(host, few), "hash of UDP/IPv4") == ["ethtool -N ens1f0 rx-flow-hash udp4 sdfn"])
    }

    @Test(
        "a card without rules, or whose rules take whole ports only, chooses by addresses", arguments: ["ixgbe", "ice"])
    func wholePorts(driver: String) throws {
        var card = Hosts.ixgbe()
        if driver == "ice" { (card.driver, card.filters) = (driver, Filters(isEnabled: true)) }
        let demand = Hosts.demand(threads: 4, isPinned: true)
        let plan = try plan(Hosts.host(cores: 4, [card]), demand)
        #expect(commands(plan, "steering").isEmpty)
        #expect(commands(plan, "hash of UDP/IPv4") == ["ethtool -N eth0 rx-flow-hash udp4 sd"])
        #expect(commands(plan, "hash table") == ["ethtool -X eth0 default"])
        #expect(commands(plan, "interrupt delay") == ["ethtool -C eth0 rx-usecs 50"])
        var asked = demand
        asked.steering = .ports
        #expect(
            try commands(self.plan(Hosts.host(cores: 4, [card]), asked), "steering").count == (driver == "ice" ? 4 : 0))
    }

    @Test("queues without interrupts are handed to the threads' cores by the kernel")
    func veth() throws {
        let plan = try plan(Hosts.veth)
        #expect(
            commands(plan, "receive steering")
                == (0..<4).map {
                    "echo '\($0 % 2 + 1)' > /sys/class/net/eth0/queues/rx-\($0)/rps_cpus"
                })
        #expect(commands(plan, "send steering").count == 4)
        #expect(plan.steps.allSatisfy { $0.topic != "irqbalance" && $0.topic != "media threads" })
    }

    @Test("an address on a VLAN of a bond is about the cards below; one that routing brings, about all of them")
    func below() throws {
        let plan = try plan(Hosts.bonded)
        #expect(Set(plan.steps.map(\.subject)) == ["eth0", "eth1", "bond0.30", "host", "relay"])
        #expect(commands(plan, "interrupts").count == 6)
        var demand = Hosts.demand()
        demand.addresses = [IPAddress(ipv4: 0xC000_0201)]
        #expect(try Set(self.plan(Hosts.bonded, demand).steps.map(\.subject)).isSuperset(of: ["eth0", "eth1", "eth2"]))
        demand.addresses = [IPAddress(ipv4: 0x7F00_0001)]
        #expect(try Set(self.plan(Hosts.bonded, demand).steps.map(\.subject)) == ["host"])
        demand.interfaces = ["eth2"]
        #expect(try Set(self.plan(Hosts.bonded, demand).steps.map(\.subject)).isDisjoint(with: ["eth0", "eth1"]))
        demand.interfaces = ["eth9"]
        #expect(throws: TuningError.self) { try self.plan(Hosts.bonded, demand) }
    }

    @Test("ports that the kernel may give away are reserved beside those that are")
    func ports() throws {
        var demand = Hosts.demand()
        #expect(try commands(plan(Hosts.virtio, demand), "media ports").isEmpty)
        demand.ports = 30_000...39_999
        var host = Hosts.virtio
        let path = "/proc/sys/net/ipv4/ip_local_reserved_ports"
        host.files[path] = "50000"
        #expect(try commands(plan(host, demand), "media ports") == ["echo '50000,30000-39999' > \(path)"])
        host.files[path] = "30000-39999,50000"
        #expect(try commands(plan(host, demand), "media ports").isEmpty)
    }

    @Test(
        "the strict check of reverse paths, wherever it is set",
        arguments: [
            ("0", "0", false), ("0", "1", true), ("1", "0", true), ("2", "1", false), ("1", "2", false),
        ])
    func reversePaths(all: String, own: String, isChanged: Bool) throws {
        var host = Hosts.virtio
        host.files["/proc/sys/net/ipv4/conf/all/rp_filter"] = all
        host.files["/proc/sys/net/ipv4/conf/eth0/rp_filter"] = own
        #expect(
            try commands(plan(host), "reverse path check")
                == (isChanged ? ["echo '2' > /proc/sys/net/ipv4/conf/eth0/rp_filter"] : []))
    }

    @Test("rules of the firewall and limits of the relay are people's; what is there already is not asked for")
    func advice() throws {
        var host = Hosts.mlx5()
        var demand = Hosts.demand(threads: 4, isPinned: true)
        (demand.hasSocketsForPorts, demand.maximumSessions) = (true, 2500)
        let topics = try plan(host, demand).advised.map(\.topic)
        #expect(topics == ["connection tracking", "descriptors"])
        host.packetRules = "table inet relay {\n  udp dport 20000-31999 notrack\n}"
        host.descriptorLimit = 20_000
        #expect(try plan(host, demand).advised.isEmpty)
        host.descriptorLimit = 12_000
        host.packetRules = "table inet relay {\n  udp dport 20000-30000 notrack\n}"
        #expect(try plan(host, demand).advised.count == 2)
        // Cores 0-3 are the relay's, and the card is near the others.
        host.interfaces[1].localCores = ProcessorSet(4..<8)
        #expect(try plan(host, demand).advised.contains { $0.topic == "memory node" })
    }
}
