internal import CBPF
internal import CRelayKernel
internal import Glibc
package import RelayCore
internal import WireFormat

/// The forwarding program in the kernel with its maps: loaded anew, or, where an earlier process has left its maps, on
/// those.
package final class KernelTable: Sendable {
    private static let mapNames = ["places", "statistics", "settings", "interfaces", "reports"]

    let flows: FlowTable
    let places: MappedArray<relay_place>
    let statistics: KernelMap<UInt32, relay_statistics>
    let interfaces: KernelMap<UInt32, relay_interface>
    let reports: ReportRing
    private let settings: MappedArray<relay_settings>
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
    /// - Parameters:
    ///   - number: which table, as in `--table`; `nil` for one that nobody else finds (tests).
    ///   - ports: that there is to be room for. What an earlier process has left stays as large as it is.
    package convenience init(number: Int?, ports: Int = .max) throws(SystemError) {
        try self.init(number: number, places: Self.places(for: ports), layout: RELAY_LAYOUT)
    }

    /// How many places make room for so many ports, or for as many as possible.
    static func places(for ports: Int) -> Int {
        var places = Int(RELAY_LEAST_PLACES.rawValue)
        while places < ports, places < Int(RELAY_PLACES.rawValue) { places *= 2 }
        return places
    }

    /// As above, for a layout that may be a later one.
    ///
    /// - Parameter places: a power of two.
    init(number: Int?, places: Int, layout: UInt32) throws(SystemError) {
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
        var adopts = found.count == Self.mapNames.count && Self.has(layout, found["settings"])
        var object: KernelObject
        do throws(SystemError) { object = try Self.load(on: adopts ? found : [:], places: places) } catch {
            guard adopts, error.errno == EINVAL else { throw error }
            adopts = false
            object = try Self.load(on: [:], places: places)
        }
        if !adopts { for name in pins?.names ?? [] { pins?.remove(name) } }
        isAdopted = adopts
        for name in Self.mapNames where !adopts { try pins?.pin(object.descriptor(ofMap: name), as: name) }

        let map = try object.descriptor(ofMap: "places")
        let count = Int(try map.mapInfo().max_entries)
        self.places = try MappedArray(map, count: count)
        flows = FlowTable(self.places)
        statistics = KernelMap(try object.descriptor(ofMap: "statistics"))
        interfaces = KernelMap(try object.descriptor(ofMap: "interfaces"))
        reports = try ReportRing(try object.descriptor(ofMap: "reports"))
        (xdp, probe, tc) = (
            try object.program("relay_xdp"), try object.program("relay_probe"), try object.program("relay_tc")
        )
        try Loopback.enableRouteLookUp()
        let loopback = try Loopback.index
        settings = try MappedArray(try object.descriptor(ofMap: "settings"), count: 1)
        // SAFETY: words that the program reads, each of them whole.
        unsafe settings.withElement(0) { settings in
            unsafe settings.pointee.layout = layout
            unsafe settings.pointee.route_interface = loopback
            unsafe settings.pointee.hop_limit = Loopback.defaultHopLimit
            unsafe settings.pointee.place_mask = UInt32(count - 1)
        }
        renewRoutes()
    }

    /// Lets packets leave through an interface, or no longer (`nil`).
    func setOutput(_ index: UInt32, _ output: relay_interface?) throws(SystemError) {
        if let output { try interfaces.update(index, output) } else { try interfaces.remove(index) }
        renewRoutes()
    }

    /// Changes with every `renewRoutes`.
    var routeGeneration: UInt16 {
        // SAFETY: one word.
        unsafe settings.withElement(0) { unsafe $0.pointee.generation }
    }

    /// Has every flow ask the kernel for its way out anew, with its next packet.
    func renewRoutes() {
        // SAFETY: one word, which the program may be reading.
        unsafe settings.withElement(0) { unsafe relay_renew_routes($0) }
    }

    /// All changes before this monotonic time, in nanoseconds, have been followed by `renewRoutes`. The program takes that as a
    /// reason to ask less often; it does not believe it for long.
    func routesAreKnown(at now: UInt64) {
        // SAFETY: one word, which the program may be reading.
        unsafe settings.withElement(0) { unsafe relay_watch_until($0, now) }
    }

    /// - Parameter places: how many, unless they are there.
    private static func load(on maps: [String: Descriptor], places: Int) throws(SystemError) -> KernelObject {
        let object = try KernelObject(.relay)
        // Any power of two will do.
        let found = try maps["places"].map { (map) throws(SystemError) in Int(try map.mapInfo().max_entries) }
        if let found, found.nonzeroBitCount != 1 { throw SystemError(errno: EINVAL, operation: "adopt the flow table") }
        try object.resize("places", to: found ?? places)
        for (name, descriptor) in maps { try object.reuse(name, descriptor) }
        try object.load()
        return object
    }

    private static func has(_ layout: UInt32, _ settings: Descriptor?) -> Bool {
        var value = relay_settings()
        guard let settings, let info = try? settings.mapInfo(),
            info.value_size == UInt32(MemoryLayout<relay_settings>.size)
        else { return false }
        let isThere = try? KernelMap<UInt32, relay_settings>(settings).lookUp(0, into: &value)
        return isThere == true && value.layout == layout
    }

    /// Takes a table down that no process holds: its links, so that no packet comes to it, and its maps.
    ///
    /// - Returns: false when there was none.
    package static func flush(_ number: Int) throws(SystemError) -> Bool {
        // SAFETY: a terminated string that lives across the call.
        let isPinned = unsafe access("\(PinFolder.root)/relayd-\(number)", F_OK) == 0
        let pins = isPinned ? try PinFolder(table: number) : nil
        KernelObject.silenceLibrary()
        // Filters stay with their interfaces, also where nothing could be pinned.
        let filters = try Classifier.detachAll(table: number)
        pins?.clear()
        return isPinned || filters > 0
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
        for processor in try statistics.lookUpAll(RELAY_LOST_REPORT.rawValue, blank: relay_statistics()) {
            sum.lostReports &+= processor.packets
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
    /// RTCP packets that were forwarded, and of which nobody has read what they say.
    package fileprivate(set) var lostReports: UInt64 = 0

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
