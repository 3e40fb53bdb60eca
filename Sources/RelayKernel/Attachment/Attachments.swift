internal import CRelayKernel
internal import Logging
internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Which interfaces packets come to the program from, kept up to date as interfaces come and go.
final class Attachments: Sendable {
    /// Kinds of interfaces that only hold addresses, as relayd makes them.
    private static let deadEnds = ["dummy", "ifb"]

    /// What the operator wants.
    struct Wish: Sendable {
        /// Interfaces by name; empty for those that reach the media addresses.
        var interfaces: [String] = []
        var choice = AttachmentChoice.auto
        var addresses: [IPAddress] = []
    }

    private struct State {
        var attachments: [UInt32: Attachment] = [:]
        /// Interfaces that packets may leave through, as the program knows them.
        var outputs: [UInt32: relay_interface] = [:]
        /// XDP has failed here, in the proof or later.
        var withoutXDP: Set<UInt32> = []
        /// Interfaces that have been complained about, so that it is done once.
        var refused: Set<UInt32> = []
        /// The sum of what the interfaces have failed to send; see `newFailures`.
        var failures: [UInt32: (device: UInt32, xdp: UInt64)] = [:]
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
            try updateOutputs(&state, devices)
            let wanted = select(devices)
            for (index, attachment) in state.attachments where !wanted.contains(where: { $0.index == index }) {
                if devices.contains(where: { $0.index == index }) { attachment.detach(of: table, number: number) }
                state.attachments[index] = nil
            }
            for device in wanted where state.attachments[device.index] == nil {
                attach(device, devices, &state)
            }
            return state.attachments.count
        }
    }

    /// The interfaces that packets come from: those named; else those that have a media address; else, when an address
    /// is on none of them (it is on the loopback or on a dummy, or has not come to this host yet), all that are up.
    private func select(_ devices: [NetworkDevice]) -> [NetworkDevice] {
        let usable = devices.filter { $0.isUsable && $0.isUp }
        if !wish.interfaces.isEmpty { return usable.filter { wish.interfaces.contains($0.name) } }
        let leading = usable.filter { !Self.deadEnds.contains($0.driver) }
        let media = wish.addresses.map { address in
            NetworkDevice.index(of: address).flatMap { index in leading.first { $0.index == index } }
        }
        return media.contains { $0 == nil } ? leading : media.compactMap(\.self)
    }

    private func attach(_ device: NetworkDevice, _ devices: [NetworkDevice], _ state: inout State) {
        var kinds: [AttachmentKind] = [.tcx, .clsact]
        let isVirtual = device.driver == "veth" || device.driver.isEmpty || device.vlan != 0
        switch wish.choice {
        case .tc: break
        case .xdp: kinds = [.xdp]
        case .auto: if !isVirtual, !state.withoutXDP.contains(device.index) { kinds.insert(.xdp, at: 0) }
        }
        var problem: SystemError?
        for kind in kinds {
            do throws(SystemError) {
                let carrier = kind == .xdp ? devices.first { $0.name == device.carrier } : nil
                state.attachments[device.index] = try Attachment(
                    kind, to: carrier ?? device, of: table, number: number)
                state.refused.remove(device.index)
                log.notice("kernel forwarding on \(device.name) by \(kind.rawValue)")
                return
            } catch {
                if kind == .xdp { state.withoutXDP.insert(device.index) }
                problem = error
            }
        }
        if state.refused.insert(device.index).inserted, let problem {
            log.warning("no kernel forwarding on \(device.name): \(problem)")
        }
    }

    private func updateOutputs(_ state: inout State, _ devices: [NetworkDevice]) throws(SystemError) {
        var outputs: [UInt32: relay_interface] = [:]
        for device in devices where device.isUsable && device.isUp {
            let carrier = devices.first { $0.name == device.carrier && device.vlan != 0 }
            outputs[device.index] = relay_interface(carrier: carrier?.index ?? device.index, vlan: device.vlan)
        }
        for (index, output) in outputs {
            if let known = state.outputs[index], known.carrier == output.carrier, known.vlan == output.vlan { continue }
            try table.interfaces.update(index, output)
        }
        for index in state.outputs.keys where outputs[index] == nil { try table.interfaces.remove(index) }
        state.outputs = outputs
    }

    /// Frames that could not be sent since the last call, by interface, as far as there were any.
    func newFailures() throws(SystemError) -> [(device: NetworkDevice, frames: UInt64)] {
        let devices = try NetworkDevice.all()
        return state.withLock { state in
            var failures: [(device: NetworkDevice, frames: UInt64)] = []
            for device in devices where state.outputs[device.index] != nil {
                let usesXDP = state.attachments.values.contains { $0.kind == .xdp }
                let now = (device: device.failed, xdp: usesXDP ? device.xdpErrors : 0)
                let before = state.failures.updateValue(now, forKey: device.index) ?? now
                let frames = UInt64(now.device &- before.device) + (now.xdp - min(now.xdp, before.xdp))
                if frames > 0 { failures.append((device, frames)) }
            }
            return failures
        }
    }

    /// Gives XDP up on all interfaces that may do without it; false when there was none.
    func leaveXDP() -> Bool {
        guard wish.choice == .auto else { return false }
        return state.withLock { state in
            let failed = state.attachments.filter { $0.value.kind == .xdp }
            for (index, attachment) in failed {
                attachment.detach(of: table, number: number)
                state.attachments[index] = nil
                state.withoutXDP.insert(index)
            }
            return !failed.isEmpty
        }
    }

    /// What is attached now.
    var list: [(interface: String, kind: String)] {
        state.withLock { $0.attachments.values.map { ($0.device.name, $0.kind.rawValue) } }
    }
}
