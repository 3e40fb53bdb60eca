internal import CLinux
internal import Glibc

/// Counters that one media thread writes and any thread reads, without locks or locked instructions: every cell is a
/// 64-bit word that is loaded and stored whole (docs/adr/0003).
@safe package final class CounterCells: Sendable {
    /// Three cache lines a slot, so that neighbours do not share one: one for what every packet changes, two for the rest.
    static let cellsPerSlot = 24

    /// The cells of one slot, by position.
    enum Cell: Int {
        case packets, bytes, errors, packetsOut, bytesOut, lastPacket
        /// The SSRC plus 2^32, so that 0 means none.
        case ssrc
        // Quality, packed as in `CounterCells+Quality`.
        case sequence, lossAndJitter, faults
        case samples, mosAndLoss, jitterSum, roundTripSum, legRoundTripSum, roundTrips
        case lowest, lowestTimes, highest, highestTimes, latest, latestTimes
        /// Of `packets`, those that are not RTP.
        case otherPackets
    }

    // SAFETY: set once, freed in deinit; all access goes through the relaxed atomic loads and stores of the shim.
    nonisolated(unsafe) private let base: UnsafeMutablePointer<UInt64>
    private let slots: Int

    /// Zeroed counters for `slots` slots; the kernel provides the memory when a slot is first used.
    init(slots: Int) {
        self.slots = slots
        // SAFETY: calloc returns zeroed memory for exactly that many words, or nil, which we cannot go on without.
        let memory = unsafe calloc(slots * Self.cellsPerSlot, MemoryLayout<UInt64>.size)!
        unsafe base = memory.bindMemory(to: UInt64.self, capacity: slots * Self.cellsPerSlot)
    }

    deinit {
        unsafe free(base)
    }

    /// The view that the owning media thread keeps for itself.
    var writer: Writer { unsafe Writer(base: base, slots: slots) }

    /// Reads the counters of a slot. Any thread.
    func counters(of slot: Int) -> StreamCounters {
        var counters = StreamCounters()
        counters.packets = self[slot, .packets]
        counters.bytes = self[slot, .bytes]
        counters.errors = self[slot, .errors]
        counters.packetsOut = self[slot, .packetsOut]
        counters.bytesOut = self[slot, .bytesOut]
        counters.lastPacket = self[slot, .lastPacket]
        counters.lastUserPacket = counters.lastPacket
        counters.otherPackets = self[slot, .otherPackets]
        let ssrc = self[slot, .ssrc]
        counters.ssrc = ssrc == 0 ? nil : UInt32(truncatingIfNeeded: ssrc)
        if ssrc != 0 { counters.quality = quality(of: slot) }
        return counters
    }

    /// Reads one cell by number, for tables that are not streams (drop reasons). Any thread.
    func value(slot: Int, cell: Int) -> UInt64 {
        precondition(slot >= 0 && slot < slots && cell >= 0 && cell < Self.cellsPerSlot)
        // SAFETY: inside the allocation by the line above.
        return unsafe clinux_load(base + slot * Self.cellsPerSlot + cell)
    }

    private subscript(slot: Int, cell: Cell) -> UInt64 { value(slot: slot, cell) }

    /// Reads one cell. Any thread.
    func value(slot: Int, _ cell: Cell) -> UInt64 { value(slot: slot, cell: cell.rawValue) }

    /// The writing side. Only the thread that owns the slots may hold one, and no longer than the table lives.
    @safe struct Writer: BitwiseCopyable {
        fileprivate let base: UnsafeMutablePointer<UInt64>
        fileprivate let slots: Int

        @inline(__always)
        func add(_ amount: UInt64, to cell: Int, of slot: Int) {
            precondition(slot >= 0 && slot < slots && cell >= 0 && cell < CounterCells.cellsPerSlot)
            // SAFETY: inside the allocation by the line above; this thread is the only writer.
            unsafe clinux_add(base + slot * CounterCells.cellsPerSlot + cell, amount)
        }

        @inline(__always)
        func add(_ amount: UInt64, to cell: Cell, of slot: Int) { add(amount, to: cell.rawValue, of: slot) }

        @inline(__always)
        func set(_ value: UInt64, in cell: Cell, of slot: Int) {
            precondition(slot >= 0 && slot < slots)
            // SAFETY: inside the allocation by the line above; this thread is the only writer.
            unsafe clinux_store(base + slot * CounterCells.cellsPerSlot + cell.rawValue, value)
        }

        /// Has the processor fetch what every packet changes.
        @inline(__always)
        func prefetch(slot: Int) {
            // SAFETY: an address that is not read.
            unsafe clinux_prefetch(base + slot * CounterCells.cellsPerSlot, 2 * 64)
        }

        /// Forgets what an earlier user of the slot counted.
        func clear(slot: Int) {
            for cell in 0..<CounterCells.cellsPerSlot {
                unsafe clinux_store(base + slot * CounterCells.cellsPerSlot + cell, 0)
            }
        }
    }
}
