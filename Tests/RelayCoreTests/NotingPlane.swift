import RelayCore
import Synchronization

/// Notes what a relay asks of its plane, and says what a test wants to be counted there.
final class NotingPlane: ForwardingPlane {
    private struct Notes {
        var opened: [(port: UInt16, worker: UInt16)] = []
        var reads: [SlotID: Int] = [:]
        var pretended: StreamCounters?
        var pretendedAt: [UInt16: StreamCounters] = [:]
        var ports: [SlotID: UInt16] = [:]
        var entries: [UInt16: ForwardingEntry] = [:]
    }

    private let plane: UserPlane
    private let notes = Mutex(Notes())

    init(_ plane: UserPlane) { self.plane = plane }

    /// Which thread each port was opened for.
    var opened: [(port: UInt16, worker: UInt16)] { notes.withLock { $0.opened } }

    /// How often the counters of each stream were read since the last time that somebody asked.
    func takeReads() -> [SlotID: Int] {
        notes.withLock { notes in
            defer { notes.reads = [:] }
            return notes.reads
        }
    }

    /// From now on, every stream has counted this.
    func pretend(_ counters: StreamCounters) { notes.withLock { $0.pretended = counters } }

    /// From now on, the stream of a port has counted this.
    func pretend(_ counters: StreamCounters, at port: UInt16) { notes.withLock { $0.pretendedAt[port] = counters } }

    /// How a port forwards, as the relay has said last.
    func entry(of port: UInt16) -> ForwardingEntry? { notes.withLock { $0.entries[port] } }

    func open(
        _ component: StreamComponent, of pair: PortPair, tos: UInt8, worker: UInt16, owner: Call
    ) throws(SystemError) -> StreamHandle {
        let handle = try plane.open(component, of: pair, tos: tos, worker: worker, owner: owner)
        notes.withLock { notes in
            notes.opened.append((handle.local.port, worker))
            notes.ports[handle.slot] = handle.local.port
        }
        return handle
    }

    func counters(of slot: SlotID) -> StreamCounters {
        let pretended = notes.withLock { notes in
            notes.reads[slot, default: 0] += 1
            return notes.ports[slot].flatMap { notes.pretendedAt[$0] } ?? notes.pretended
        }
        return pretended ?? plane.counters(of: slot)
    }

    var workerCount: Int { plane.workerCount }
    func knock() -> [UInt64] { plane.knock() }
    func discard(_ handle: StreamHandle) { plane.discard(handle) }
    func apply(_ changes: [StreamChange], worker: UInt16) {
        notes.withLock { notes in
            for case .update(let slot, let entry) in changes { notes.entries[notes.ports[slot] ?? 0] = entry }
        }
        plane.apply(changes, worker: worker)
    }
    func collect() -> [(owner: Call, event: LatchEvent)] { plane.collect() }
    func drops(_ reason: DropReason) -> UInt64 { plane.drops(reason) }
    var totals: PlaneTotals { plane.totals }
    func stop() { plane.stop() }
}
