internal import CRelayKernel
internal import DequeModule
internal import Synchronization

/// Hands out the counters that the program shares with us, by number.
final class CellPool: Sendable {
    /// How long a number rests before it is given out again, in nanoseconds: a packet may be in hand that still counts.
    private static let rest: UInt64 = 1_000_000_000

    private struct State {
        /// Numbers from here on have never been given out.
        var fresh: UInt32 = 0
        /// Numbers below `fresh` that are free, oldest first.
        var free: Deque<(cell: UInt32, since: UInt64)> = []
    }

    private let cells: MappedArray<relay_counters>
    private let state = Mutex(State())

    /// - Parameter used: numbers that an earlier process has given out.
    init(_ cells: MappedArray<relay_counters>, used: Set<UInt32>) {
        self.cells = cells
        let fresh = (used.max() ?? 0) + (used.isEmpty ? 0 : 1)
        state.withLock { state in
            state.fresh = fresh
            for cell in 0..<fresh where !used.contains(cell) { state.free.append((cell, 0)) }
        }
    }

    /// A number whose counters are all zero; `nil` when all are in use.
    func take(at now: UInt64) -> UInt32? {
        let cell: UInt32? = state.withLock { state in
            if let oldest = state.free.first, now >= oldest.since + Self.rest {
                state.free.removeFirst()
                return oldest.cell
            }
            guard state.fresh < UInt32(cells.count) else { return nil }
            defer { state.fresh += 1 }
            return state.fresh
        }
        if let cell { change(cell) { $0 = relay_counters() } }
        return cell
    }

    func release(_ cell: UInt32, at now: UInt64) { state.withLock { $0.free.append((cell, now)) } }

    /// What has been counted.
    func read(_ cell: UInt32) -> relay_counters {
        // SAFETY: words that the program adds to while we read; each is whole.
        unsafe cells.withElement(Int(cell)) { unsafe $0.pointee }
    }

    /// Writes what is the daemon's to write.
    func change(_ cell: UInt32, _ body: (inout relay_counters) -> Void) {
        // SAFETY: the program does not write these fields, or does not have the number yet.
        unsafe cells.withElement(Int(cell)) { unsafe body(&$0.pointee) }
    }
}

extension relay_counters {
    var packets: UInt64 { rtp_packets &+ rtcp_packets }
    var bytes: UInt64 { rtp_bytes &+ rtcp_bytes }
}
