internal import CLinux
package import WireFormat

/// Reads what a host is like from /proc, /sys and the drivers of its network cards. Changes nothing.
package struct HostReader: Sendable {
    /// An interface with one of its addresses, as this network namespace has it.
    package struct Device: Sendable {
        package let name: String
        package let index: Int
        package let address: IPAddress?

        /// - Parameter name: as getifaddrs(3) gives it, which for an address with a label (`eth0:1`) is that label. No
        ///   interface has a colon in its name.
        package init(name: String, index: Int, address: IPAddress?) {
            self.name = String(name.prefix { $0 != ":" })
            (self.index, self.address) = (index, address)
        }
    }

    /// Most interfaces and queues that are looked at: more than any host has.
    private static let limit = 4096
    private static let net = "/sys/class/net"

    private let files: KernelFiles
    private let devices: [Device]
    private let cores: [Int]

    /// - Parameters:
    ///   - files: /proc and /sys.
    ///   - devices: all interfaces with their addresses.
    ///   - cores: the processors that the relay may use, unless one runs and says otherwise.
    package init(files: KernelFiles = KernelFiles(), devices: [Device], cores: [Int]) {
        (self.files, self.devices, self.cores) = (files, devices, cores)
    }

    /// - Throws: when /sys shows the interfaces of another network namespace.
    package func read() throws(TuningError) -> HostState {
        for device in devices where files.number(in: "\(Self.net)/\(device.name)/ifindex") != device.index {
            throw TuningError(
                "/sys shows the interfaces of another network namespace than this one: mount sysfs anew in it")
        }
        let relay = files.process(named: "relayd")
        let allowed = relay.flatMap { files.field("Cpus_allowed_list", of: "/proc/\($0)/status") }
        let processors = allowed.flatMap { ProcessorSet(list: $0) }
        var host = HostState(cores: processors.flatMap { $0.isEmpty ? nil : $0.numbers } ?? cores)
        host.isVirtual =
            files.text("/proc/cpuinfo")?.contains(" hypervisor") == true || files.exists("/sys/hypervisor/type")
            || files.exists("/proc/device-tree/hypervisor")
        host.interfaces = files.entries(Self.net).prefix(Self.limit).compactMap(interface)
        for path in Self.paths + host.interfaces.map({ "/proc/sys/net/ipv4/conf/\($0.name)/rp_filter" }) {
            host.files[path] = files.text(path)
        }
        host.balancesInterrupts = files.process(named: "irqbalance") != nil
        host.tracksConnections = (files.number(in: "/proc/sys/net/netfilter/nf_conntrack_count") ?? 0) > 0
        if host.tracksConnections, let answer = try? Command.run(["nft", "list", "ruleset"]), answer.status == 0 {
            host.packetRules = answer.output
        }
        host.descriptorLimit = relay.flatMap { files.descriptorLimit(ofProcess: $0) }
        return host
    }

    /// Whether packets can come through a card now: it has a link, and a bond above it, if there is one, uses it.
    func hasLink(_ card: HostChange.Card) -> Bool {
        let bond = "\(Self.net)/\(card.name)/bonding_slave"
        guard files.number(in: "\(Self.net)/\(card.name)/carrier") == 1,
            files.text("\(bond)/mii_status").map({ $0 == "up" }) ?? true
        else { return false }
        // With LACP the other end has a say; without it, this is no number.
        return files.number(in: "\(bond)/ad_actor_oper_port_state").map { $0 & Self.carriesBoth == Self.carriesBoth }
            ?? true
    }

    /// A member of a bond that takes packets and sends some (IEEE 802.1AX: collecting, distributing).
    private static let carriesBoth = 0x30

    private static let paths = [
        "/proc/sys/net/core/rmem_max", "/proc/sys/net/core/wmem_max", "/proc/sys/net/core/netdev_budget",
        "/proc/sys/net/core/netdev_budget_usecs", "/proc/sys/net/core/netdev_max_backlog",
        "/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/net/ipv4/ip_local_reserved_ports",
        "/proc/sys/net/ipv4/conf/all/rp_filter", "/sys/module/haltpoll/parameters/guest_halt_poll_ns",
        "/sys/devices/system/cpu/cpuidle/current_governor",
    ]

    // MARK: Interfaces

    private func interface(_ name: String) -> InterfaceState? {
        let folder = "\(Self.net)/\(name)"
        guard let index = files.number(in: "\(folder)/ifindex") else { return nil }
        var interface = InterfaceState(name: name, index: index)
        let entries = files.entries(folder)
        interface.lower = entries.filter { $0.hasPrefix("lower_") }.map { String($0.dropFirst("lower_".count)) }
        interface.driver = files.target(of: "\(folder)/device/driver") ?? ""
        let leadsElsewhere = files.number(in: "\(folder)/iflink").map { $0 != index } ?? false
        interface.leadsOut =
            !interface.lower.isEmpty || leadsElsewhere || entries.contains("device") || entries.contains("tun_flags")
        interface.addresses = devices.filter { $0.name == name }.compactMap(\.address)
        let queues = files.entries("\(folder)/queues")
        interface.receiveSteering = Self.numbered("rx-", in: queues).map { queue in
            masks("\(folder)/queues/\(queue)/rps_cpus") ?? .none
        }
        interface.sendSteering = Self.numbered("tx-", in: queues).compactMap {
            masks("\(folder)/queues/\($0)/xps_cpus")
        }
        interface.localCores = ["device", "device/.."].lazy
            .compactMap { files.text("\(folder)/\($0)/local_cpulist") }.first.flatMap { ProcessorSet(list: $0) }
        interface.interrupts = InterruptTable(files).interrupts(ofDevice: "\(folder)/device")
        if interface.leadsOut { Card(index: index).describe(&interface) }
        return interface
    }

    private func masks(_ path: String) -> ProcessorSet? { files.text(path).flatMap { ProcessorSet(mask: $0) } }

    /// `rx-0`, `rx-1`, … in the order of their numbers.
    private static func numbered(_ prefix: String, in names: [String]) -> [String] {
        names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }.sorted().prefix(limit)
            .map { "\(prefix)\($0)" }
    }
}
