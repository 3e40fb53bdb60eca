internal import CBPF
internal import Glibc
internal import RelayCore

/// The program on one interface.
struct Attachment: Sendable {
    private(set) var device: NetworkDevice
    let kind: AttachmentKind
    /// Holds the program there, unless it is a tc filter.
    private let link: Descriptor?

    /// Puts the program on an interface, in place of an earlier process' if there is one: from one packet to the next.
    ///
    /// - Throws: EOPNOTSUPP and the like when interface or kernel do not have this kind; EIO when XDP does not send.
    init(_ kind: AttachmentKind, to device: NetworkDevice, of table: KernelTable, number: Int?) throws(SystemError) {
        (self.device, self.kind) = (device, kind)
        switch kind {
        case .clsact:
            try Classifier.attach(table.tc, to: device.index, table: number ?? 0xFFFF)
            link = nil
        case .xdp, .tcx:
            link = try Self.link(kind, to: device, of: table)
        }
    }

    /// Links are named by network namespace, for one BPF file system may serve several.
    private static func pinName(_ kind: AttachmentKind, _ index: UInt32) -> String { "\(pinPrefix(kind))\(index)" }

    private static func pinPrefix(_ kind: AttachmentKind) -> String {
        var information = stat()
        // SAFETY: the call fills the structure.
        _ = unsafe stat("/proc/self/ns/net", &information)
        return "\(kind.rawValue)-\(information.st_ino)-"
    }

    /// Takes off what an earlier process has left on other interfaces, or in another way: its program would go on there.
    static func removeOthers(
        than attachments: some Sequence<Attachment>, of table: KernelTable, number: Int?, _ devices: [NetworkDevice]
    ) {
        let kept = attachments.map { ($0.kind, $0.device.index) }
        let names = Set(kept.map { pinName($0, $1) })
        let prefixes = [AttachmentKind.xdp, .tcx].map(pinPrefix)
        for name in table.pins?.names ?? [] where prefixes.contains(where: name.hasPrefix) && !names.contains(name) {
            if let link = table.pins?.open(pinned: name) { _ = bpf_link_detach(link.number) }
            table.pins?.remove(name)
        }
        guard let number else { return }
        for device in devices where device.isUsable && !kept.contains(where: { $0 == (.clsact, device.index) }) {
            Classifier.detach(from: device.index, table: number)
        }
    }

    private static func link(
        _ kind: AttachmentKind, to device: NetworkDevice, of table: KernelTable
    ) throws(SystemError) -> Descriptor {
        let name = pinName(kind, device.index)
        let program = kind == .xdp ? table.xdp : table.tc
        if let link = table.pins?.open(pinned: name) {
            // It fails when the interface that it was for is gone.
            if bpf_link_update(link.number, program.number, nil) == 0 { return link }
            table.pins?.remove(name)
        }
        let link = kind == .xdp ? try unproved(on: device, of: table) : try tcx(on: device, of: table)
        if kind == .xdp { try Probe.run(table.probe, on: device) }
        try table.pins?.pin(link, as: name)
        return link
    }

    private static func tcx(on device: NetworkDevice, of table: KernelTable) throws(SystemError) -> Descriptor {
        try Descriptor(
            cbpf_link_create(table.tc.number, Int32(device.index), Int32(CBPF_TCX_INGRESS), 0),
            "attach to \(device.name) (tcx)")
    }

    /// XDP in the driver, as long as the result lives. It may send nothing.
    static func unproved(on device: NetworkDevice, of table: KernelTable) throws(SystemError) -> Descriptor {
        try Descriptor(
            cbpf_link_create(
                table.xdp.number, Int32(device.index), Int32(BPF_XDP.rawValue), UInt32(XDP_FLAGS_DRV_MODE)),
            "attach to \(device.name) (xdp)")
    }

    /// Both are the same program in the same place.
    func isSame(as other: Attachment) -> Bool { kind == other.kind && device.index == other.device.index }

    /// Takes note of how the interface is now: it may have another name.
    mutating func follow(_ devices: [NetworkDevice]) {
        if let device = devices.first(where: { $0.index == device.index }) { self.device = device }
    }

    /// Takes the program off the interface.
    func detach(of table: KernelTable, number: Int?) {
        table.pins?.remove(Self.pinName(kind, device.index))
        if let link { _ = bpf_link_detach(link.number) }
        if kind == .clsact { Classifier.detach(from: device.index, table: number ?? 0xFFFF) }
    }
}
