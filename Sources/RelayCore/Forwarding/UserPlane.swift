internal import Synchronization
package import WireFormat

/// Forwarding in user space: a fixed number of media threads, and a socket for every port, or a few sockets for all ports
/// where the kernel lets us (`PortSteering`).
package final class UserPlane: ForwardingPlane {
    private let workers: [MediaThread]
    private let capacity: Int
    private let steering: (any PortSteering)?
    private let watch: @Sendable (Poller, UDPSocket, UInt64) throws(SystemError) -> Void
    /// Why ports have sockets although a steering was given.
    package let steeringRefusal: SystemError?

    /// - Parameters:
    ///   - threads: how many media threads.
    ///   - capacity: streams per thread. Costs address space, not memory.
    ///   - isPinned: each thread stays on a core of its own, as long as there are enough.
    ///   - listener: woken when there is something to `collect`.
    ///   - addresses: all local addresses that ports will be opened on; they are steered only if all of them can be.
    ///   - ratesDelay: samples of quality are of conversations, to which delay matters.
    ///   - steering: delivers datagrams where no port has a socket; `nil` for a socket for every port.
    ///   - watch: has a new socket watched, which is not to wake anybody yet; tests let it fail.
    package init(
        threads: Int, capacity: Int, isPinned: Bool, listener: Poller, addresses: [IPAddress] = [],
        ratesDelay: Bool = true, steering: (any PortSteering)? = nil,
        watch: @escaping @Sendable (Poller, UDPSocket, UInt64) throws(SystemError) -> Void = {
            (poller, socket, tag) throws(SystemError) in try poller.add(socket, tag: tag, isAwake: false)
        }
    ) throws(SystemError) {
        (self.capacity, self.watch) = (capacity, watch)
        let sockets: [SteeredSockets]?
        (sockets, steeringRefusal) = Self.attach(steering, threads: threads, addresses)
        self.steering = sockets == nil ? nil : steering
        let cores = SystemThread.availableCores
        var workers: [MediaThread] = []
        for number in 0..<threads {
            let core = isPinned && threads <= cores.count ? cores[number] : nil
            workers.append(
                try MediaThread(
                    number: UInt16(truncatingIfNeeded: number), core: core, capacity: capacity, listener: listener,
                    sockets: sockets?[number], ratesDelay: ratesDelay))
        }
        self.workers = workers
    }

    /// Opens the sockets that everything is steered to; none, with the reason, when the kernel refuses.
    private static func attach(
        _ steering: (any PortSteering)?, threads: Int, _ addresses: [IPAddress]
    ) -> (sockets: [SteeredSockets]?, refusal: SystemError?) {
        guard let steering else { return (nil, nil) }
        var sockets: [SteeredSockets] = []
        var distinct: [IPAddress] = []
        for address in addresses where !distinct.contains(address) { distinct.append(address) }
        if let unknown = distinct.first(where: { !steering.covers($0) }) {
            return (nil, .notSteered(unknown))
        }
        do throws(SystemError) {
            for _ in 0..<threads { sockets.append(try SteeredSockets(for: distinct)) }
            try steering.attach(
                sockets.enumerated().flatMap { number, sockets in
                    sockets.families.map {
                        SteeredSocket(
                            worker: UInt16(truncatingIfNeeded: number), family: $0, socket: sockets.receiver)
                    }
                })
            return (sockets, nil)
        } catch {
            for opened in sockets { opened.close() }
            return (nil, error)
        }
    }

    /// Whether ports do without sockets of their own.
    package var isSteered: Bool { steering != nil }

    package var workerCount: Int { workers.count }

    package func knock() -> [UInt64] { workers.map { $0.mailbox.knock() } }

    package func open(
        _ component: StreamComponent, of pair: PortPair, tos: UInt8, worker: UInt16, owner: Call
    ) throws(SystemError) -> StreamHandle {
        let local = TransportAddress(pair.address, port: component == .rtcp ? pair.port + 1 : pair.port)
        let worker = workers[Int(worker)]
        let socket = steering == nil ? try UDPSocket.open(at: local, tos: tos) : .none
        let outlet = StreamOutlet(socket: socket, local: local, tos: tos)
        let slot = worker.take(
            MediaThread.Record(outlet: outlet, pair: pair, owner: owner, isMedia: component != .rtcp))
        guard let slot else {
            socket.closeIfOpen()
            throw .tooManyStreams
        }
        guard steering == nil else { return StreamHandle(slot: slot, local: local) }
        do throws(SystemError) { try watch(worker.poller, socket, MediaWorker.tag(of: slot)) } catch {
            release([slot], of: worker)
            throw error
        }
        return StreamHandle(slot: slot, local: local)
    }

    package func discard(_ handle: StreamHandle) { release([handle.slot], of: workers[Int(handle.slot.worker)]) }

    package func apply(_ changes: [StreamChange], worker: UInt16) {
        let worker = workers[Int(worker)]
        var commands: [WorkerMailbox.Command] = []
        commands.reserveCapacity(changes.count)
        var installed: [(slot: SlotID, outlet: StreamOutlet)] = []
        for change in changes {
            switch change {
            case .install(let handle, let entry, let latch):
                guard let outlet = worker.outlet(of: handle.slot) else { continue }
                commands.append(.install(handle.slot, outlet, entry, latch))
                installed.append((handle.slot, outlet))
            case .update(let slot, let entry): commands.append(.update(slot, entry))
            case .signal(let slot, let address, let policy, let isPublic):
                commands.append(.signal(slot, address, policy, isPublic: isPublic, at: SystemClock.monotonic))
            case .heardElsewhere(let slot, let isHeard, let last):
                commands.append(.heardElsewhere(slot, isHeard, last: last))
            case .observed(let slot, let reception, let now): commands.append(.observed(slot, reception, at: now))
            case .reported(let slot, let digest, let now): commands.append(.reported(slot, digest, at: now))
            case .pierce(let handle, let target):
                if let outlet = worker.outlet(of: handle.slot) { Self.pierce(from: outlet, target) }
            case .mark(let handle, let tos):
                guard let outlet = worker.outlet(of: handle.slot) else { continue }
                if outlet.socket == .none {
                    commands.append(.mark(handle.slot, tos: tos))
                } else {
                    outlet.socket.setTOS(tos, family: handle.local.address.family)
                }
            case .relatch(let slot, let latch): commands.append(.relatch(slot, latch))
            case .remove(let handle):
                guard let outlet = worker.outlet(of: handle.slot) else { continue }
                if let steering { steering.release(outlet.local) } else { worker.poller.remove(outlet.socket) }
                commands.append(.remove(handle.slot))
            }
        }
        worker.mailbox.post(commands)
        for (slot, outlet) in installed { receive(at: outlet, for: slot, worker) }
    }

    /// Lets datagrams come: the media thread knows the slot by the time it looks at the first of them, since it applies
    /// commands first.
    private func receive(at outlet: StreamOutlet, for slot: SlotID, _ worker: MediaThread) {
        if let steering { return steering.steer(outlet.local, to: slot.worker) }
        worker.poller.awaken(outlet.socket, tag: MediaWorker.tag(of: slot))
    }

    /// RTP version 2 and nothing else: payload type, sequence number, timestamp and SSRC 0.
    private static let emptyRTP: [UInt8] = [0x80] + [UInt8](repeating: 0, count: 11)

    /// Sends an empty RTP packet out of a port. A port without a socket gets one for the moment, which does not keep
    /// packets from going where they are steered. What fails is tried again, as long as nothing comes from there.
    private static func pierce(from outlet: StreamOutlet, _ target: TransportAddress) {
        if outlet.socket != .none {
            _ = outlet.socket.send(emptyRTP, to: target)
        } else if let socket = try? UDPSocket.open(at: outlet.local, tos: outlet.tos) {
            _ = socket.send(emptyRTP, to: target)
            socket.close()
        }
    }

    package func counters(of slot: SlotID) -> StreamCounters {
        workers[Int(slot.worker)].counters.counters(of: Int(slot.index))
    }

    package func collect() -> [(owner: Call, event: LatchEvent)] {
        var news: [(owner: Call, event: LatchEvent)] = []
        for worker in workers {
            let (events, released) = worker.mailbox.takeReports()
            news += worker.owners(of: events)
            release(released, of: worker)
        }
        return news
    }

    /// Closes what no thread looks at any more, then lets go of the port numbers: in this order, or somebody else could be
    /// given a port that is still bound.
    private func release(_ ids: [SlotID], of worker: MediaThread) {
        guard !ids.isEmpty else { return }
        let closing = worker.take(back: ids)
        for (_, record) in closing { record.outlet.socket.closeIfOpen() }
        worker.reuse(closing.map(\.index))
    }

    package func drops(_ reason: DropReason) -> UInt64 {
        let counted = workers.reduce(0) { sum, worker in
            sum + worker.counters.value(slot: MediaWorker.dropSlot(capacity: capacity), cell: reason.rawValue)
        }
        return switch reason {
        case .flood: steering?.floodDrops ?? 0
        case .overload: counted + workers.reduce(0) { $0 + ($1.sockets?.receiver.dropCount ?? 0) }
        default: counted
        }
    }

    package var totals: PlaneTotals {
        var totals = PlaneTotals()
        let slot = MediaWorker.dropSlot(capacity: capacity)
        for worker in workers {
            totals.user.packets &+= worker.counters.value(slot: slot, cell: MediaWorker.packetSumCell)
            totals.user.bytes &+= worker.counters.value(slot: slot, cell: MediaWorker.byteSumCell)
            totals.user.streams += worker.mediaCount
        }
        for reason in DropReason.allCases where reason.isError { totals.user.errors &+= drops(reason) }
        return totals
    }

    package func stop() {
        for worker in workers { worker.mailbox.post([.stop]) }
        for worker in workers {
            worker.thread.join()
            let open = worker.openSlots
            for (_, outlet) in open { steering?.release(outlet.local) }
            release(open.map(\.slot), of: worker)
            worker.sockets?.close()
        }
    }
}
