import Foundation
import HostTuning
import Testing
import WireFormat

/// Folders that look like /proc and /sys.
@Suite struct HostReaderTests {
    /// No interface has it, so that no driver answers.
    private static let index = 2_000_000_000

    private func withRoot(_ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "host-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        try body(root)
    }

    private func put(_ files: [String: String], in root: String) throws {
        for (path, text) in files {
            let url = URL(filePath: root + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: url)
        }
    }

    private static let card = [
        "/sys/devices/pci0/virtio3/net/eth0/ifindex": "\(index)",
        "/sys/devices/pci0/virtio3/net/eth0/iflink": "\(index)",
        "/sys/devices/pci0/virtio3/net/eth0/queues/rx-0/rps_cpus": "00000001,00000003",
        "/sys/devices/pci0/virtio3/net/eth0/queues/rx-1/rps_cpus": "0",
        "/sys/devices/pci0/virtio3/net/eth0/queues/tx-0/xps_cpus": "1",
        "/sys/devices/pci0/msi_irqs/40": "msix", "/sys/devices/pci0/msi_irqs/41": "msix",
        "/sys/devices/pci0/msi_irqs/42": "msix", "/sys/devices/pci0/local_cpulist": "0-3",
        "/sys/drivers/virtio_net/bind": "",
        "/proc/interrupts": """
                   CPU0       CPU1
         40:          1          0  PCI-MSIX-0000:00:01.0   0-edge      virtio3-config
         41:          7          0  PCI-MSIX-0000:00:01.0   1-edge      virtio3-input.0
         42:          9          0  PCI-MSIX-0000:00:01.0   2-edge      virtio3-output.1
        NMI:          0          0   Non-maskable interrupts
        """,
        "/proc/irq/40/smp_affinity_list": "0", "/proc/irq/41/smp_affinity_list": "0-1",
        "/proc/irq/42/smp_affinity_list": "1", "/proc/sys/net/core/rmem_max": "212992",
        "/proc/cpuinfo": "flags : fpu hypervisor sse", "/proc/12/comm": "irqbalance", "/proc/77/comm": "relayd",
        "/proc/77/status": "Name:\trelayd\nCpus_allowed_list:\t2-3",
        "/proc/77/limits": """
        Limit                     Soft Limit           Hard Limit           Units
        Max open files            20000                20000                files
        """,
    ]

    @Test(
        "packets come through a card that has a link, and that the bond above it uses",
        arguments: [
            (["carrier": "1"], true), (["carrier": "0"], false), ([:], false),
            (["carrier": "1", "bonding_slave/mii_status": "going back"], false),
            (["carrier": "1", "bonding_slave/mii_status": "up"], true),
            (["carrier": "1", "bonding_slave/ad_actor_oper_port_state": "N/A"], true),
            (["carrier": "1", "bonding_slave/ad_actor_oper_port_state": "13"], false),
            (["carrier": "1", "bonding_slave/ad_actor_oper_port_state": "61"], true),
        ] as [([String: String], Bool)])
    func link(_ files: [String: String], _ expected: Bool) throws {
        try withRoot { root in
            for (name, text) in files { try put(["/sys/class/net/eth0/\(name)": text], in: root) }
            let reader = HostReader(files: KernelFiles(root: root), devices: [], cores: [0])
            #expect(RunningHost(reader).hasLink(.init(InterfaceState(name: "eth0", index: 2))) == expected)
        }
    }

    @Test("queues, interrupts, the driver and the running relay")
    func reads() throws {
        try withRoot { root in
            try put(Self.card, in: root)
            let net = "\(root)/sys/class/net"
            try FileManager.default.createDirectory(atPath: net, withIntermediateDirectories: true)
            let files = FileManager.default
            try files.createSymbolicLink(
                atPath: "\(net)/eth0", withDestinationPath: "../../devices/pci0/virtio3/net/eth0")
            try files.createSymbolicLink(
                atPath: "\(root)/sys/devices/pci0/virtio3/net/eth0/device", withDestinationPath: "../../../virtio3")
            try files.createSymbolicLink(
                atPath: "\(root)/sys/devices/pci0/virtio3/driver", withDestinationPath: "../../../drivers/virtio_net")
            let device = HostReader.Device(name: "eth0", index: Self.index, address: Hosts.address)
            let host = try HostReader(files: KernelFiles(root: root), devices: [device], cores: [0]).read()

            #expect(host.cores == [2, 3] && host.isVirtual && host.balancesInterrupts && !host.tracksConnections)
            #expect(host.descriptorLimit == 20_000)
            #expect(host.files["/proc/sys/net/core/rmem_max"] == "212992")
            let card = try #require(host.interfaces.first)
            #expect(card.driver == "virtio_net" && card.leadsOut && card.addresses == [Hosts.address])
            #expect(card.receiveSteering == [ProcessorSet([0, 1, 32]), .none])
            #expect(card.sendSteering == [ProcessorSet([0])])
            #expect(card.localCores == ProcessorSet(0...3))
            #expect(
                card.interrupts == [
                    Interrupt(number: 41, queue: 0, cores: ProcessorSet([0, 1])),
                    Interrupt(number: 42, queue: 1, cores: ProcessorSet([1])),
                ])
        }
    }

    @Test("an address with a label of its own is its interface's; a relay that may run nowhere runs where we do")
    func labels() throws {
        try withRoot { root in
            try put(
                [
                    "/sys/class/net/eth0/ifindex": "\(Self.index)", "/sys/class/net/eth0/lower_x": "",
                    "/proc/7/comm": "relayd",
                ]
                .merging(["/proc/7/status": "Cpus_allowed_list:\t"]) { first, _ in first }, in: root)
            let devices = ["eth0", "eth0:1", "eth0:vip"].map {
                HostReader.Device(name: $0, index: Self.index, address: Hosts.address)
            }
            let host = try HostReader(files: KernelFiles(root: root), devices: devices, cores: [0, 1]).read()
            #expect(host.interfaces.map(\.name) == ["eth0"])
            #expect(host.interfaces.first?.addresses.count == 3)
            #expect(host.cores == [0, 1])
        }
    }

    @Test("another namespace's /sys is refused rather than believed")
    func otherNamespace() throws {
        try withRoot { root in
            try put(["/sys/class/net/eth0/ifindex": "2"], in: root)
            let device = HostReader.Device(name: "eth0", index: 3, address: nil)
            #expect(throws: TuningError.self) {
                try HostReader(files: KernelFiles(root: root), devices: [device], cores: [0]).read()
            }
        }
    }

    @Test(
        "processors as masks and as lists",
        arguments: [
            ("1", "0", [0]), ("f", "0-3", [0, 1, 2, 3]), ("1,00000005", "0,2,32", [0, 2, 32]), ("0", "", []),
        ])
    func processors(mask: String, list: String, numbers: [Int]) {
        #expect(ProcessorSet(mask: mask)?.numbers == numbers)
        #expect(ProcessorSet(list: list)?.numbers == numbers)
        #expect(ProcessorSet(numbers).mask == mask)
        #expect(ProcessorSet(numbers).description == list)
    }

    @Test("what is no set of processors", arguments: ["x", "3-1", "1-", "-", "0-99999999", "1-2-3", "-1"])
    func noProcessors(text: String) {
        #expect(ProcessorSet(list: text) == nil)
        #expect(ProcessorSet(mask: text) == nil)
    }
}
