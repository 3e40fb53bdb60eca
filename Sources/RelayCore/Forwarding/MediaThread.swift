internal import Synchronization
internal import WireFormat

/// One media thread, and all that the control plane holds of it.
final class MediaThread: Sendable {
    /// An open port, as the control plane sees it.
    struct Record {
        let outlet: StreamOutlet
        /// Kept until the port has been closed.
        let pair: PortPair
        let owner: Call
        /// Not for RTCP alone.
        let isMedia: Bool
    }

    private struct Place {
        var generation: UInt32 = 0
        var record: Record?
    }

    private struct Slots {
        var places: [Place] = []
        var free: [UInt32] = []
        /// Open ports but those for RTCP.
        var mediaCount = 0
    }

    let number: UInt16
    let mailbox: WorkerMailbox
    let poller: Poller
    let counters: CounterCells
    let thread: SystemThread
    /// For ports without sockets of their own; closed after the thread has ended.
    let sockets: SteeredSockets?
    private let capacity: Int
    private let slots = Mutex(Slots())

    init(
        number: UInt16, core: Int?, capacity: Int, listener: Poller, sockets: SteeredSockets?,
        ratesDelay: Bool
    ) throws(SystemError) {
        let poller = try Poller()
        let mailbox = WorkerMailbox(poller: poller, bell: sockets?.receiver, listener: listener)
        let counters = CounterCells(slots: capacity + 1)
        (self.poller, self.mailbox, self.counters) = (poller, mailbox, counters)
        (self.number, self.capacity, self.sockets) = (number, capacity, sockets)
        thread = try SystemThread(name: "media-\(number)", core: core) {
            var worker = MediaWorker(
                number: number, capacity: capacity, mailbox: mailbox, poller: poller, counters: counters.writer,
                sockets: sockets, ratesDelay: ratesDelay)
            worker.run()
            _ = counters  // the writer's memory lives as long as the thread
        }
    }

    /// Finds a slot for an opened port; `nil` when all are taken.
    func take(_ record: Record) -> SlotID? {
        slots.withLock { slots in
            let index = slots.free.popLast() ?? UInt32(slots.places.count)
            guard index < capacity else { return nil }
            if index == slots.places.count { slots.places.append(Place()) }
            let generation = slots.places[Int(index)].generation &+ 1 | 1  // never 0, also after 2^32 uses
            slots.places[Int(index)] = Place(generation: generation, record: record)
            if record.isMedia { slots.mediaCount += 1 }
            return SlotID(worker: number, index: index, generation: generation)
        }
    }

    /// How a slot's datagrams leave; `nil` when the slot has been given to another stream since.
    func outlet(of slot: SlotID) -> StreamOutlet? {
        slots.withLock { slots in
            let place = slots.places[Int(slot.index)]
            return place.generation == slot.generation ? place.record?.outlet : nil
        }
    }

    /// Whose streams these events are about, as far as they are still open.
    func owners(of events: [LatchEvent]) -> [(owner: Call, event: LatchEvent)] {
        guard !events.isEmpty else { return [] }
        return slots.withLock { slots in
            events.compactMap { event in
                let place = slots.places[Int(event.slot.index)]
                guard place.generation == event.slot.generation, let record = place.record else { return nil }
                return (record.owner, event)
            }
        }
    }

    /// Empties slots. They can be used again after `reuse`.
    func take(back ids: [SlotID]) -> [(index: UInt32, record: Record)] {
        slots.withLock { slots in
            ids.compactMap { id in
                let place = slots.places[Int(id.index)]
                guard place.generation == id.generation, let record = place.record else { return nil }
                slots.places[Int(id.index)].record = nil
                if record.isMedia { slots.mediaCount -= 1 }
                return (id.index, record)
            }
        }
    }

    func reuse(_ indices: [UInt32]) { slots.withLock { $0.free.append(contentsOf: indices) } }

    /// Open ports but those for RTCP.
    var mediaCount: Int { slots.withLock(\.mediaCount) }

    var openSlots: [(slot: SlotID, outlet: StreamOutlet)] {
        slots.withLock { slots in
            slots.places.indices.compactMap { index in
                let place = slots.places[index]
                guard let record = place.record else { return nil }
                let slot = SlotID(worker: number, index: UInt32(index), generation: place.generation)
                return (slot, record.outlet)
            }
        }
    }
}
