internal import RelayCore

/// Numbers of the kernel's that should not be below a limit.
private struct Floor {
    let path: String
    let topic: String
    let least: Int
    let reason: String
}

extension Planner {
    /// Packets that wait for a core that another one has handed them to: 80 ms of all that a core relays.
    private static let backlog = 16_384
    /// What one turn of the kernel may take from the cards, in packets and in microseconds: twice the usual number, and two
    /// ticks of the slowest clock.
    private static let budget = (packets: 600, microseconds: 8000)
    /// Nanoseconds that an idle virtual processor looks for work before it halts (docs/performance.md).
    private static let haltPolling = 200_000

    /// What concerns the host as a whole.
    var kernelSteps: [TuningStep] {
        floors.compactMap(step) + [balancing, polling].compactMap(\.self)
    }

    private var floors: [Floor] {
        let core = "/proc/sys/net/core"
        var floors = [
            Floor(
                path: "\(core)/rmem_max", topic: "receive buffer limit", least: Int(SteeredSockets.receiveBuffer),
                reason:
                    "What a media thread's socket may hold while the thread does not run: 800 ms of 1,000 calls. With "
                    + "CAP_NET_ADMIN the relay takes it anyway."),
            Floor(
                path: "\(core)/wmem_max", topic: "send buffer limit", least: Int(SteeredSockets.sendBuffer),
                reason: "What may be on its way out of one address."),
            Floor(
                path: "\(core)/netdev_budget", topic: "packets a turn", least: Self.budget.packets,
                reason:
                    "The kernel takes so many packets from the cards before it lets others run; what then is left waits "
                    + "in the rings (the third column of /proc/net/softnet_stat counts how often)."),
            Floor(
                path: "\(core)/netdev_budget_usecs", topic: "time of a turn", least: Self.budget.microseconds,
                reason: "The same limit as time, in microseconds."),
        ]
        // Only what is handed on from core to core, or comes from a virtual interface, goes through the backlog.
        if carriers.contains(where: { $0.interrupts.isEmpty || $0.receiveSteering.count == 1 }) {
            floors.append(
                Floor(
                    path: "\(core)/netdev_max_backlog", topic: "backlog", least: Self.backlog,
                    reason: "What one core hands to another waits here, and is lost when there is more."))
        }
        return floors
    }

    private func step(_ floor: Floor) -> TuningStep? {
        guard let now = number(in: floor.path) else { return nil }
        guard now < floor.least else { return .fine("host", floor.topic, "\(now)", floor.reason) }
        return TuningStep(
            subject: "host", topic: floor.topic, now: "\(now)", wanted: "\(floor.least)", reason: floor.reason,
            changes: [.write("\(floor.least)", to: floor.path, was: "\(now)")])
    }

    private var balancing: TuningStep? {
        guard carriers.contains(where: { !$0.interrupts.isEmpty }) else { return nil }
        let reason = "It would move the interrupts away again within seconds."
        guard host.balancesInterrupts else { return .fine("host", "irqbalance", "not running", reason) }
        return TuningStep(
            subject: "host", topic: "irqbalance", now: "running", wanted: "not running", reason: reason,
            changes: [
                // Until the system starts again, like all the rest.
                .run(
                    "systemctl mask --runtime --now irqbalance",
                    undo: "systemctl unmask --runtime irqbalance && systemctl start irqbalance")
            ])
    }

    private var polling: TuningStep? {
        let path = "/sys/module/haltpoll/parameters/guest_halt_poll_ns"
        guard host.isVirtual, let now = number(in: path) else { return nil }
        let reason =
            "On a virtual machine a processor that has halted comes back through the hypervisor, which makes each wake-up "
            + "3 to 7 us longer. Before it halts it may look for work so long; the host pays with idle time."
        // The module's parameter does nothing unless this governor is the one in use.
        guard host.files["/sys/devices/system/cpu/cpuidle/current_governor"] == "haltpoll" else { return nil }
        guard now < Self.haltPolling else { return .fine("host", "idle polling", "\(now) ns", reason) }
        return TuningStep(
            subject: "host", topic: "idle polling", now: "\(now) ns", wanted: "\(Self.haltPolling) ns",
            reason: reason, changes: [.write("\(Self.haltPolling)", to: path, was: "\(now)")])
    }

    // MARK: Addresses and ports

    /// Whether packets may come in by one interface and leave by another.
    var addressSteps: [TuningStep] {
        let all = number(in: "/proc/sys/net/ipv4/conf/all/rp_filter") ?? 0
        let affected = host.interfaces.filter { involved.contains($0.name) }
        return affected.compactMap { interface in
            // Members of a bond see no addresses.
            guard !interface.addresses.isEmpty || demand.interfaces.contains(interface.name) else { return nil }
            let path = "/proc/sys/net/ipv4/conf/\(interface.name)/rp_filter"
            guard let own = number(in: path) else { return nil }
            let reason =
                "With the strict check the kernel drops packets whose sender it would answer by another interface: the "
                + "rule with two networks, or while routes move from one relay to another."
            guard max(all, own) == 1 else {
                return .fine(interface.name, "reverse path check", max(all, own) == 2 ? "loose" : "off", reason)
            }
            return TuningStep(
                subject: interface.name, topic: "reverse path check", now: "strict", wanted: "loose",
                reason: reason, changes: [.write("2", to: path, was: "\(own)")])
        }
    }

    /// The relay's ports are nobody else's.
    var ports: TuningStep? {
        let path = "/proc/sys/net/ipv4/ip_local_reserved_ports"
        guard let reserved = host.files[path], let ephemeral = host.files["/proc/sys/net/ipv4/ip_local_port_range"]
        else { return nil }
        let range = "\(demand.ports.lowerBound)-\(demand.ports.upperBound)"
        let neighbours = PortNeighbours(
            localPortRange: ephemeral, reservedPorts: reserved, sockets: [], addresses: demand.addresses)
        let reason =
            "The kernel gives ports to programs that do not care which, and what another program has no call can get. A "
            + "relay whose ports share sockets reserves them itself, if it may."
        guard let shared = neighbours.ephemeralPorts(of: demand.ports) else {
            return .fine("host", "media ports", "\(range) are the relay's alone", reason)
        }
        return TuningStep(
            subject: "host", topic: "media ports",
            now: "\(shared.lowerBound)-\(shared.upperBound) may be given away", wanted: "\(range) reserved",
            reason: reason, changes: [.write(neighbours.reservation(of: demand.ports), to: path, was: reserved)])
    }

    /// Nobody keeps a record of each stream that the relay keeps one of already.
    var connections: TuningStep? {
        let range = "\(demand.ports.lowerBound)-\(demand.ports.upperBound)"
        let reason =
            "Each stream of a call has an entry of its own, which is looked up for every packet, and when the table is "
            + "full packets are dropped."
        guard host.tracksConnections else { return .fine("host", "connection tracking", "not in use", reason) }
        let isExempt = host.packetRules?.split(separator: "\n").contains {
            $0.contains("notrack") && $0.contains("dport \(range)")
        }
        guard isExempt != true else { return .fine("host", "connection tracking", "not for \(range)", reason) }
        return TuningStep(
            subject: "host", topic: "connection tracking", now: "in use", wanted: "not for the relay's ports",
            reason: reason
                + " The rules are yours: see first that these ports are accepted without 'ct state', and that "
                + "no address translation concerns them.",
            advice: [
                "nft add table inet relay",
                "nft add chain inet relay prerouting '{ type filter hook prerouting priority raw; }'",
                "nft add rule inet relay prerouting udp dport \(range) notrack",
                "nft add chain inet relay output '{ type filter hook output priority raw; }'",
                "nft add rule inet relay output udp sport \(range) notrack",
            ])
    }
}
