internal import Synchronization
internal import WireFormat

/// Forwarding in user space: a fixed number of media threads, a socket for every port.
package final class UserPlane: ForwardingPlane {
    /// A slot as the control plane sees it.
    private struct Record {
        var generation: UInt32 = 0
        var socket: UDPSocket?
        var pair: PortPair?
        var owner: Call?
        /// Not for RTCP alone.
        var isMedia = false
    }

    private struct Slots {
        var records: [Record] = []
        var free: [UInt32] = []
        /// Open ports but those for RTCP.
        var mediaCount = 0
    }

    /// One media thread and all that the control plane holds of it.
    private final class Worker: Sendable {
        let mailbox: WorkerMailbox
        let poller: Poller
        let counters: CounterCells
        let thread: SystemThread
        let slots = Mutex(Slots())

        init(number: UInt16, core: Int?, capacity: Int, listener: Poller) throws(SystemError) {
            let poller = try Poller()
            let mailbox = WorkerMailbox(poller: poller, listener: listener)
            let counters = CounterCells(slots: capacity + 1)
            (self.poller, self.mailbox, self.counters) = (poller, mailbox, counters)
            thread = try SystemThread(name: "media-\(number)", core: core) {
                var worker = MediaWorker(
                    number: number, capacity: capacity, mailbox: mailbox, poller: poller, counters: counters.writer)
                worker.run()
                _ = counters  // the writer's memory lives as long as the thread
            }
        }

        /// The socket of a slot; `nil` when the slot has been given to another stream since.
        func socket(of slot: SlotID) -> UDPSocket? {
            slots.withLock { slots in
                let record = slots.records[Int(slot.index)]
                return record.generation == slot.generation ? record.socket : nil
            }
        }
    }

    private let workers: [Worker]
    private let capacity: Int

    /// - Parameters:
    ///   - threads: how many media threads.
    ///   - capacity: streams per thread. Costs address space, not memory.
    ///   - isPinned: each thread stays on a core of its own, as long as there are enough.
    ///   - listener: woken when there is something to `collect`.
    package init(threads: Int, capacity: Int, isPinned: Bool, listener: Poller) throws(SystemError) {
        self.capacity = capacity
        let cores = SystemThread.availableCores
        var workers: [Worker] = []
        for number in 0..<threads {
            let core = isPinned && threads <= cores.count ? cores[number] : nil
            workers.append(
                try Worker(
                    number: UInt16(truncatingIfNeeded: number), core: core, capacity: capacity, listener: listener))
        }
        self.workers = workers
    }

    package var workerCount: Int { workers.count }

    package func open(
        _ component: StreamComponent, of pair: PortPair, tos: UInt8, worker: UInt16, owner: Call
    ) throws(SystemError) -> StreamHandle {
        let local = TransportAddress(pair.address, port: component == .rtcp ? pair.port + 1 : pair.port)
        let socket = try UDPSocket.open(at: local, tos: tos)
        let slot: SlotID? = workers[Int(worker)].slots.withLock { slots in
            let index = slots.free.popLast() ?? UInt32(slots.records.count)
            guard index < capacity else { return nil }
            if index == slots.records.count { slots.records.append(Record()) }
            let generation = slots.records[Int(index)].generation &+ 1 | 1  // never 0, also after 2^32 uses
            slots.records[Int(index)] = Record(
                generation: generation, socket: socket, pair: pair, owner: owner, isMedia: component != .rtcp)
            if component != .rtcp { slots.mediaCount += 1 }
            return SlotID(worker: worker, index: index, generation: generation)
        }
        guard let slot else {
            socket.close()
            throw .tooManyStreams
        }
        return StreamHandle(slot: slot, local: local)
    }

    package func discard(_ handle: StreamHandle) { release([handle.slot], of: workers[Int(handle.slot.worker)]) }

    package func apply(_ changes: [StreamChange], worker: UInt16) {
        let worker = workers[Int(worker)]
        var commands: [WorkerMailbox.Command] = []
        commands.reserveCapacity(changes.count)
        var installed: [(slot: SlotID, socket: UDPSocket)] = []
        for change in changes {
            switch change {
            case .install(let handle, let entry, let latch):
                guard let socket = worker.socket(of: handle.slot) else { continue }
                commands.append(.install(handle.slot, socket, entry, latch))
                installed.append((handle.slot, socket))
            case .update(let slot, let entry): commands.append(.update(slot, entry))
            case .signal(let slot, let address, let policy, let isPublic):
                commands.append(.signal(slot, address, policy, isPublic: isPublic, at: SystemClock.monotonic))
            case .heardElsewhere(let slot, let isHeard, let last):
                commands.append(.heardElsewhere(slot, isHeard, last: last))
            case .mark(let handle, let tos):
                worker.socket(of: handle.slot)?.setTOS(tos, family: handle.local.address.family)
            case .relatch(let slot, let latch): commands.append(.relatch(slot, latch))
            case .remove(let handle):
                guard let socket = worker.socket(of: handle.slot) else { continue }
                worker.poller.remove(socket)
                commands.append(.remove([handle.slot]))
            }
        }
        worker.mailbox.post(commands)
        for (slot, socket) in installed {
            let tag = UInt64(slot.generation) << 32 | UInt64(slot.index)
            do { try worker.poller.add(socket, tag: tag) } catch {
                preconditionFailure("cannot watch a socket that we have just opened: \(error)")
            }
        }
    }

    package func counters(of slot: SlotID) -> StreamCounters {
        workers[Int(slot.worker)].counters.counters(of: Int(slot.index))
    }

    package func collect() -> [(owner: Call, event: LatchEvent)] {
        var news: [(owner: Call, event: LatchEvent)] = []
        for worker in workers {
            let (events, released) = worker.mailbox.takeReports()
            if !events.isEmpty {
                worker.slots.withLock { slots in
                    for event in events {
                        let record = slots.records[Int(event.slot.index)]
                        guard record.generation == event.slot.generation, let owner = record.owner else { continue }
                        news.append((owner, event))
                    }
                }
            }
            release(released, of: worker)
        }
        return news
    }

    /// Closes sockets that no thread looks at any more, then lets go of their port numbers: in this order, or somebody
    /// else could be given a port that is still bound.
    private func release(_ ids: [SlotID], of worker: Worker) {
        guard !ids.isEmpty else { return }
        let closing = worker.slots.withLock { slots in
            ids.compactMap { id -> (index: UInt32, record: Record)? in
                let record = slots.records[Int(id.index)]
                guard record.generation == id.generation, record.socket != nil else { return nil }
                slots.records[Int(id.index)] = Record(generation: record.generation)
                if record.isMedia { slots.mediaCount -= 1 }
                return (id.index, record)
            }
        }
        for (_, record) in closing { record.socket?.close() }
        worker.slots.withLock { slots in slots.free.append(contentsOf: closing.map(\.index)) }
    }

    package func drops(_ reason: DropReason) -> UInt64 {
        workers.reduce(0) { sum, worker in
            sum + worker.counters.value(slot: MediaWorker.dropSlot(capacity: capacity), cell: reason.rawValue)
        }
    }

    package var totals: PlaneTotals {
        var totals = PlaneTotals()
        let slot = MediaWorker.dropSlot(capacity: capacity)
        for worker in workers {
            totals.user.packets &+= worker.counters.value(slot: slot, cell: MediaWorker.packetSumCell)
            totals.user.bytes &+= worker.counters.value(slot: slot, cell: MediaWorker.byteSumCell)
            totals.user.streams += worker.slots.withLock(\.mediaCount)
        }
        for reason in DropReason.allCases where reason.isError { totals.user.errors &+= drops(reason) }
        return totals
    }

    package func stop() {
        for worker in workers { worker.mailbox.post([.stop]) }
        for worker in workers {
            worker.thread.join()
            let open = worker.slots.withLock { slots in
                slots.records.indices.compactMap { index -> SlotID? in
                    let record = slots.records[index]
                    guard record.socket != nil else { return nil }
                    return SlotID(worker: 0, index: UInt32(index), generation: record.generation)
                }
            }
            release(open, of: worker)
        }
    }
}
