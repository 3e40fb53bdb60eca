internal import CBPF
internal import CRelayKernel
internal import Glibc
package import RelayCore
internal import WireFormat

/// The forwarding program in the kernel with its maps: loaded anew, or, where an earlier process has left its maps, on
/// those.
package final class KernelTable: Sendable {
    private static let mapNames = ["flows", "counters", "statistics", "settings", "interfaces"]

    let flows: KernelMap<relay_endpoint, relay_flow>
    let counters: MappedArray<relay_counters>
    let statistics: KernelMap<UInt32, relay_statistics>
    let interfaces: KernelMap<UInt32, relay_interface>
    let xdp: Descriptor
    let probe: Descriptor
    let tc: Descriptor
    /// `nil` when nothing outlives this process.
    let pins: PinFolder?
    /// The maps are those of an earlier process.
    package let isAdopted: Bool
    /// Why nothing outlives this process, where that is so.
    package let unpinned: SystemError?

    /// Loads the program. No packet comes to it before an interface is attached.
    ///
    /// - Parameter number: which table, as in `--table`; `nil` for one that nobody else finds (tests).
    package init(number: Int?) throws(SystemError) {
        var pins: PinFolder?
        var unpinned: SystemError?
        do throws(SystemError) {
            pins = try number.map { (number) throws(SystemError) in try PinFolder(table: number) }
        } catch {
            guard error.errno != EBUSY else { throw error }
            unpinned = error
        }
        (self.pins, self.unpinned) = (pins, unpinned)
        var found: [String: Descriptor] = [:]
        for name in Self.mapNames { found[name] = pins?.open(pinned: name) }
        // Maps of another layout belong to a relay of another time: its flows cannot be read, so they go.
        var adopts = found.count == Self.mapNames.count && Self.hasOurLayout(found["settings"])
        var object: KernelObject
        do throws(SystemError) { object = try Self.load(on: adopts ? found : [:]) } catch {
            guard adopts, error.errno == EINVAL else { throw error }
            adopts = false
            object = try Self.load(on: [:])
        }
        if !adopts { for name in pins?.names ?? [] { pins?.remove(name) } }
        isAdopted = adopts
        for name in Self.mapNames where !adopts { try pins?.pin(object.descriptor(ofMap: name), as: name) }

        flows = KernelMap(try object.descriptor(ofMap: "flows"))
        counters = try MappedArray(try object.descriptor(ofMap: "counters"), count: Int(RELAY_FLOWS.rawValue))
        statistics = KernelMap(try object.descriptor(ofMap: "statistics"))
        interfaces = KernelMap(try object.descriptor(ofMap: "interfaces"))
        (xdp, probe, tc) = (
            try object.program("relay_xdp"), try object.program("relay_probe"), try object.program("relay_tc")
        )
        let loopback = try Loopback.enableRouteLookUp()
        let settings = KernelMap<UInt32, relay_settings>(try object.descriptor(ofMap: "settings"))
        try settings.update(
            0,
            relay_settings(layout: RELAY_LAYOUT, route_interface: loopback, hop_limit: Loopback.defaultHopLimit))
    }

    private static func load(on maps: [String: Descriptor]) throws(SystemError) -> KernelObject {
        let object = try KernelObject(.relay)
        for (name, descriptor) in maps { try object.reuse(name, descriptor) }
        try object.load()
        return object
    }

    private static func hasOurLayout(_ settings: Descriptor?) -> Bool {
        var value = relay_settings()
        guard let settings else { return false }
        let isThere = try? KernelMap<UInt32, relay_settings>(settings).lookUp(0, into: &value)
        return isThere == true && value.layout == RELAY_LAYOUT
    }

    /// Takes a table down that no process holds: its links, so that no packet comes to it, and its maps.
    ///
    /// - Returns: false when there was none.
    package static func flush(_ number: Int) throws(SystemError) -> Bool {
        // SAFETY: a terminated string that lives across the call.
        guard unsafe access("\(PinFolder.root)/relayd-\(number)", F_OK) == 0 else { return false }
        let pins = try PinFolder(table: number)
        KernelObject.silenceLibrary()
        try Classifier.detachAll(table: number)
        pins.clear()
        return true
    }

    /// What became of packets, all processors together.
    package func verdicts() throws(SystemError) -> KernelVerdicts {
        var sum = KernelVerdicts()
        for verdict in 0..<RELAY_VERDICTS.rawValue {
            for processor in try statistics.lookUpAll(verdict, blank: relay_statistics()) {
                sum.packets[Int(verdict)] &+= processor.packets
                sum.bytes &+= processor.bytes
            }
        }
        return sum
    }
}

/// What the program has done with packets of flows, since the table was made.
package struct KernelVerdicts: Sendable {
    /// By `relay_verdict`.
    fileprivate(set) var packets = [UInt64](repeating: 0, count: Int(RELAY_VERDICTS.rawValue))
    /// UDP payloads of forwarded packets, in octets.
    package fileprivate(set) var bytes: UInt64 = 0

    /// Packets that were forwarded.
    package var forwarded: UInt64 { packets[Int(RELAY_FORWARDED.rawValue)] }

    /// Packets that were passed up to user space, by reason.
    package var passed: [(reason: String, packets: UInt64)] {
        zip(Self.reasons, packets.dropFirst()).map { ($0, $1) }
    }

    /// Packets that were passed up to user space.
    var passedCount: UInt64 { packets.dropFirst().reduce(0, &+) }

    /// In the order of `relay_verdict`, from RELAY_NOT_RTP.
    private static let reasons = [
        "not-rtp", "unexpected-source", "fragment", "options", "odd-length", "no-checksum", "no-neighbour", "too-big",
        "no-route", "no-interface", "refused",
    ]

    init() {}
}
