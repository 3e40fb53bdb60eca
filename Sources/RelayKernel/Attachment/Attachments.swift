internal import CRelayKernel
internal import Logging
internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Which interfaces packets come to the program from, kept up to date as interfaces come and go.
final class Attachments: Sendable {
    /// Kinds of interfaces that only hold addresses, as relayd makes them.
    private static let deadEnds = ["dummy", "ifb"]
    /// How long XDP is let alone where it has failed, when nothing else is wanted; in nanoseconds.
    private static let retryInterval: UInt64 = 60_000_000_000

    /// What the operator wants.
    struct Wish: Sendable {
        /// Interfaces by name; empty for those that reach the media addresses.
        var interfaces: [String] = []
        var choice = AttachmentChoice.auto
        var addresses: [IPAddress] = []
        /// Interfaces by name that announce addresses: no packet comes from there.
        var announcing: [String] = []
    }

    /// An interface that packets may leave through.
    private struct Output: Equatable {
        /// Of a VLAN the interface that carries it; else itself.
        let carrier: UInt32
        let vlan: UInt32
        /// XDP may send through the carrier.
        let takesXDP: Bool

        var told: relay_interface { relay_interface(carrier: takesXDP ? carrier : 0, vlan: vlan) }
    }

    private struct State {
        var attachments: [UInt32: Attachment] = [:]
        /// Those that the program knows.
        var outputs: [UInt32: Output] = [:]
        /// XDP has failed here, in the proof or later, and when.
        var withoutXDP: [UInt32: UInt64] = [:]
        /// Interfaces that have been complained about, so that it is done once.
        var refused: Set<UInt32> = []
        /// Interfaces that lose frames, and until when nothing is sent through them.
        var suspended: [UInt32: UInt64] = [:]
        /// Packets of calls have come by other interfaces than those that should bring them.
        var isWidened = false

        /// Interfaces that have the program in the driver.
        var withXDP: Set<UInt32> {
            Set(attachments.values.lazy.filter { $0.kind == .xdp }.map(\.device.index))
        }
    }

    private let table: KernelTable
    private let number: Int?
    private let wish: Wish
    private let log: Logger
    private let state = Mutex(State())

    init(_ wish: Wish, table: KernelTable, number: Int?, log: Logger) {
        (self.wish, self.table, self.number, self.log) = (wish, table, number, log)
    }

    /// Looks at the interfaces of the host, attaches to new ones and forgets those that are gone.
    ///
    /// - Returns: how many interfaces are attached now.
    @discardableResult
    func refresh() throws(SystemError) -> Int {
        let devices = try NetworkDevice.all()
        return try state.withLock { (state) throws(SystemError) -> Int in
            let wanted = select(devices, isWidened: state.isWidened)
            // Where the program is, it stays, as long as packets may come there: routes flap, and XDP resets some hardware.
            let kept = wish.interfaces.isEmpty ? devices.filter { $0.isUsable && $0.isUp && !$0.isPort } : wanted
            for (index, attachment) in state.attachments where !kept.contains(where: { $0.index == index }) {
                state.attachments[index] = nil
                // VLANs share the XDP program of their carrier.
                guard !state.attachments.values.contains(where: attachment.isSame(as:)) else { continue }
                // Also of one that is gone: its link is still pinned.
                attachment.detach(of: table, number: number)
            }
            for index in state.attachments.keys { state.attachments[index]?.follow(devices) }
            for device in wanted where state.attachments[device.index] == nil {
                attach(device, devices, &state)
            }
            try updateOutputs(&state, devices)
            // Numbers of interfaces that are gone do not come back.
            let present = Set(devices.map(\.index))
            state.withoutXDP = state.withoutXDP.filter { present.contains($0.key) }
            state.refused.formIntersection(present)
            return state.attachments.count
        }
    }

    /// The interfaces that packets come from: those named; else those that lead to and from the media addresses; else,
    /// when nothing leads to one of these (it is on the loopback, on a dummy or announced, or has not come to this host
    /// yet), all that are up. Ports of bonds and bridges only by name: with the program, a bond's resting port would forward
    /// what a switch floods a second time.
    private func select(_ devices: [NetworkDevice], isWidened: Bool) -> [NetworkDevice] {
        let usable = devices.filter { $0.isUsable && $0.isUp }
        if !wish.interfaces.isEmpty { return usable.filter { wish.interfaces.contains($0.name) } }
        let leading = usable.filter {
            !$0.isPort && !Self.deadEnds.contains($0.kind) && !wish.announcing.contains($0.name)
        }
        guard !isWidened, !wish.addresses.isEmpty else { return leading }
        var chosen: Set<UInt32> = []
        for address in wish.addresses {
            guard let place = NetworkDevice.place(of: address), leading.contains(where: { $0.index == place.device }),
                !place.isAlone || place.exit == place.device
            else { return leading }
            chosen.insert(place.device)
            if let exit = place.exit { chosen.insert(exit) }
        }
        return leading.filter { chosen.contains($0.index) }
    }

    /// Packets of calls come by interfaces without the program: from now on it is on all of them.
    ///
    /// - Returns: false when nothing is left to do, or the operator has named the interfaces.
    func widen() -> Bool {
        guard wish.interfaces.isEmpty else { return false }
        return state.withLock { state in
            defer { state.isWidened = true }
            return !state.isWidened
        }
    }

    /// Takes the program off interfaces where only an earlier process wanted it. Not before this one knows all calls: what
    /// comes by there belongs to them.
    func forgetOthers() {
        // It fails when the system is out of memory or descriptors; then the program stays where it is of no use.
        guard let devices = try? NetworkDevice.all() else { return }
        state.withLock { state in
            Attachment.removeOthers(than: state.attachments.values, of: table, number: number, devices)
        }
    }

    /// Takes the program off all interfaces.
    func detachAll() {
        state.withLock { state in
            for attachment in state.attachments.values { attachment.detach(of: table, number: number) }
            state.attachments = [:]
        }
    }

    private func attach(_ device: NetworkDevice, _ devices: [NetworkDevice], _ state: inout State) {
        var kinds: [AttachmentKind] = [.tcx, .clsact]
        let now = SystemClock.monotonic
        switch wish.choice {
        case .tc: break
        case .xdp:
            // Each attempt resets some hardware, and everything on the host loses its network for that time.
            if let failed = state.withoutXDP[device.index], now < failed &+ Self.retryInterval { return }
            kinds = [.xdp]
        case .auto:
            let isVirtual = device.kind == "veth" || device.vlan != 0
            if !isVirtual, state.withoutXDP[device.index] == nil, device.hasDriver { kinds.insert(.xdp, at: 0) }
        }
        var problem: SystemError?
        for kind in kinds {
            do throws(SystemError) {
                let carrier = kind == .xdp ? devices.first { $0.index == device.carrier } : nil
                let place = carrier ?? device
                let shared = state.attachments.values.first { $0.kind == kind && $0.device.index == place.index }
                state.attachments[device.index] =
                    if let shared { shared } else { try Attachment(kind, to: place, of: table, number: number) }
                state.refused.remove(device.index)
                log.notice("kernel forwarding on \(device.name) by \(kind.rawValue)")
                return
            } catch {
                if kind == .xdp { state.withoutXDP[device.index] = now }
                problem = error
            }
        }
        if state.refused.insert(device.index).inserted, let problem {
            log.warning("no kernel forwarding on \(device.name): \(problem)")
        }
    }

    private func updateOutputs(_ state: inout State, _ devices: [NetworkDevice]) throws(SystemError) {
        var outputs: [UInt32: Output] = [:]
        // Many drivers take frames from XDP only while they have a program themselves, and drop them without counting.
        let withXDP = state.withXDP
        for device in devices where device.isUsable && device.isUp && !device.isPort {
            let carrier = device.carrier != 0 ? device.carrier : device.index
            // What a carrier loses, it loses of all its VLANs.
            guard state.suspended[device.index] == nil, state.suspended[carrier] == nil else { continue }
            outputs[device.index] = Output(
                carrier: carrier, vlan: device.vlan, takesXDP: withXDP.contains(carrier))
        }
        for (index, output) in outputs where state.outputs[index] != output {
            try table.setOutput(index, output.told)
        }
        for index in state.outputs.keys where outputs[index] == nil { try table.setOutput(index, nil) }
        state.outputs = outputs
    }

    /// What the interfaces that packets leave through have sent and lost so far.
    func traffic() throws(SystemError) -> [InterfaceTraffic] {
        let devices = try NetworkDevice.all()
        return state.withLock { state in
            let withXDP = state.withXDP
            return devices.filter { state.outputs[$0.index] != nil }.map { device in
                InterfaceTraffic(
                    index: device.index, name: device.name, sent: device.sent, failed: device.failed,
                    xdpErrors: withXDP.contains(device.index) ? device.xdpErrors : 0)
            }
        }
    }

    /// Sends nothing through an interface for a while: its packets are passed up to user space.
    func suspend(_ index: UInt32, until time: UInt64) throws(SystemError) {
        try state.withLock { (state) throws(SystemError) in
            state.suspended[index] = time
            for (device, output) in state.outputs where device == index || output.carrier == index {
                state.outputs[device] = nil
                try table.setOutput(device, nil)
            }
        }
    }

    /// Lets interfaces send again whose time is over; the next `refresh` has them do it.
    func resume(at now: UInt64) {
        state.withLock { state in state.suspended = state.suspended.filter { $0.value > now } }
    }

    /// Keeps the kernel's knowledge of the next hops fresh.
    func confirmNeighbours() {
        let interfaces = state.withLock { Array($0.outputs.keys) }
        // It fails when the system is out of memory or descriptors; there is a next time.
        try? NetworkDevice.confirmNeighbours(on: interfaces)
    }

    /// Gives XDP up on all interfaces that may do without it; false when there was none.
    func leaveXDP() -> Bool {
        guard wish.choice == .auto else { return false }
        return state.withLock { state in
            let failed = state.attachments.filter { $0.value.kind == .xdp }
            for (index, attachment) in failed {
                attachment.detach(of: table, number: number)
                state.attachments[index] = nil
                state.withoutXDP[index] = SystemClock.monotonic
            }
            return !failed.isEmpty
        }
    }

    /// What is attached now.
    var list: [(interface: String, kind: String)] {
        state.withLock { $0.attachments.values.map { ($0.device.name, $0.kind.rawValue) } }
    }
}
