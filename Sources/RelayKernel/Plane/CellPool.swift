internal import CRelayKernel
internal import RelayCore
internal import Synchronization

/// Hands out the counters that the program shares with us, by number.
final class CellPool: Sendable {
    private let cells: MappedArray<relay_place>
    private let owners = Mutex<[UInt32: SlotID]>([:])
    private let numbers: NumberPool

    /// - Parameter used: numbers that an earlier process has given out.
    init(_ cells: MappedArray<relay_place>, used: Set<UInt32>) {
        self.cells = cells
        numbers = NumberPool(0..<UInt32(cells.count), used: used)
    }

    /// A number whose counters are all zero, if possible the preferred one; `nil` when all are in use.
    func take(for slot: SlotID, at now: UInt64, preferring preferred: UInt32) -> UInt32? {
        let cell = numbers.take(at: now, preferring: [preferred])
        if let cell {
            change(cell) { $0 = relay_counters() }
            give(cell, to: slot)
        }
        return cell
    }

    /// Notes whose counters these are.
    func give(_ cell: UInt32, to slot: SlotID) { owners.withLock { $0[cell] = slot } }

    /// Whose counters these are; `nil` while nobody has claimed what an earlier process has left.
    func owner(of cell: UInt32) -> SlotID? { owners.withLock { $0[cell] } }

    func release(_ cell: UInt32, at now: UInt64) {
        owners.withLock { $0[cell] = nil }
        numbers.release(cell, at: now)
    }

    /// What has been counted.
    func read(_ cell: UInt32) -> relay_counters {
        // SAFETY: words that the program adds to while we read; each is whole.
        unsafe cells.withElement(Int(cell)) { unsafe $0.pointee.counters }
    }

    /// Monotonic time of the last packet, in nanoseconds; 0 before the first. Touches less memory than `read`, which counts
    /// where every port is looked at.
    func lastPacket(_ cell: UInt32) -> UInt64 {
        // SAFETY: as above.
        unsafe cells.withElement(Int(cell)) { unsafe max($0.pointee.counters.last_rtp, $0.pointee.counters.last_rtcp) }
    }

    /// Writes what is the daemon's to write.
    func change(_ cell: UInt32, _ body: (inout relay_counters) -> Void) {
        // SAFETY: the program does not write these fields, or does not have the number yet.
        unsafe cells.withElement(Int(cell)) { unsafe body(&$0.pointee.counters) }
    }
}

extension relay_counters {
    var packets: UInt64 { rtp_packets &+ rtcp_packets }
    var bytes: UInt64 { rtp_bytes &+ rtcp_bytes }
    /// As `CellPool.lastPacket`.
    var lastPacket: UInt64 { max(last_rtp, last_rtcp) }
    var hasSource: Bool { state & UInt8(RELAY_SOURCE_KNOWN.rawValue) != 0 }
}
