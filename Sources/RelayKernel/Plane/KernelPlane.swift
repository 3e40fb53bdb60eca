internal import CRelayKernel
package import Logging
package import RelayCore
internal import Synchronization
package import WireFormat

/// Forwards the packets of settled streams in the kernel, and leaves everything else to the user plane.
///
/// A stream is settled when its source is locked and the other side's address is known. Every change of a stream takes it
/// out of the kernel, or changes it there, before the user plane hears of it. What the program does not forward it passes
/// up, so a stream in the kernel is one in user space too, which hears little.
package final class KernelPlane: ForwardingPlane {
    /// How the kernel plane is set up.
    package struct Configuration: Sendable {
        /// Number of the table, under which a later process finds it; `nil` for one that ends with this process.
        package var table: Int?
        /// Interfaces by name; empty for those that reach the media addresses.
        package var interfaces: [String] = []
        package var attach = AttachmentChoice.auto
        /// All addresses of the relay.
        package var addresses: [IPAddress] = []
        /// Interfaces by name that announce addresses: no packet comes from there.
        package var announcing: [String] = []
        /// Ports that the relay may open, on all addresses: there is room for their flows.
        package var ports = Int.max
        /// How long flows that nobody has claimed go on without a packet.
        package var orphanSilence: Duration = .seconds(60)
        /// It is an error when no interface takes the program. Otherwise the plane waits for one that does.
        package var requiresInterface = false

        package init() {}
    }

    private final class Shelf: Sendable {
        let book: Mutex<FlowBook>
        init(_ book: FlowBook) { self.book = Mutex(book) }
    }

    private let user: any ForwardingPlane
    let table: KernelTable
    private let cells: CellPool
    /// One for each media thread.
    private let shelf: [Shelf]
    /// Flows of an earlier process that no stream has claimed yet.
    private let orphans: Mutex<[TransportAddress: KernelFlow]>
    private let watch: KernelWatch
    /// What the last sweep has found.
    private let survey = Mutex(FlowSurvey())
    /// What the program had done when this process began.
    private let atStart: KernelVerdicts
    private let log: Logger

    /// Puts the kernel in front of a user plane.
    ///
    /// - Throws: EPERM without CAP_BPF and CAP_NET_ADMIN, EBUSY when another relay has the table, ENODEV when no interface
    ///   takes the program and one has to, and whatever else keeps the program from being loaded.
    package init(_ configuration: Configuration, over user: any ForwardingPlane, log: Logger) throws(SystemError) {
        (self.user, self.log) = (user, log)
        table = try KernelTable(number: configuration.table, ports: configuration.ports)
        atStart = try table.verdicts()
        let orphans = table.flows.all
        let cells = CellPool(table.places, used: Set(orphans.values.map(\.counters)))
        self.cells = cells
        self.orphans = Mutex(orphans)
        let flows = table.flows
        shelf = (0..<user.workerCount).map { _ in Shelf(FlowBook(flows: flows, cells: cells)) }
        watch = KernelWatch(configuration, table: table, log: log)
        if let reason = table.unpinned {
            log.warning("kernel forwarding ends with this process: \(reason)")
        }
        // What came while nobody was there is about calls of which nothing is known yet.
        _ = table.reports.take()
        if !orphans.isEmpty { log.notice("found \(orphans.count) kernel flows of an earlier process") }
        try watch.start(self)
    }

    package var workerCount: Int { user.workerCount }

    package func knock() -> [UInt64] { user.knock() }

    // MARK: Streams

    package func open(
        _ component: StreamComponent, of pair: PortPair, tos: UInt8, worker: UInt16, owner: Call
    ) throws(SystemError) -> StreamHandle {
        let handle = try user.open(component, of: pair, tos: tos, worker: worker, owner: owner)
        shelf[Int(worker)].book.withLock { $0.open(handle, tos: tos) }
        return handle
    }

    package func discard(_ handle: StreamHandle) {
        shelf[Int(handle.slot.worker)].book.withLock { $0.close(handle.slot, at: SystemClock.monotonic) }
        user.discard(handle)
    }

    package func apply(_ changes: [StreamChange], worker: UInt16) {
        let now = SystemClock.monotonic
        shelf[Int(worker)].book.withLock { book in
            var (passed, touched): ([StreamChange], [SlotID]) = ([], [])
            passed.reserveCapacity(changes.count)
            for change in changes {
                var change = change
                switch change {
                case .install(let handle, let entry, let latch):
                    book.install(handle.slot, entry, latch, adopting: claim(handle.local, latch))
                    touched.append(handle.slot)
                case .update(let slot, let entry):
                    book.update(slot, entry)
                    touched.append(slot)
                case .signal(let slot, let address, let policy, let isPublic):
                    book.signal(slot, address, policy, isPublic: isPublic, at: now)
                    touched.append(slot)
                case .relatch(let slot, let latch):
                    change = .relatch(slot, book.relatch(slot, latch))
                    touched.append(slot)
                case .mark(let handle, let tos):
                    book.mark(handle.slot, tos: tos)
                    touched.append(handle.slot)
                case .remove(let handle):
                    let sources = book[handle.slot]?.sources ?? []
                    book.close(handle.slot, at: now)
                    touched += sources.compactMap { book.streams[Int($0)]?.slot }
                case .heardElsewhere, .observed, .reported, .pierce: break
                }
                passed.append(change)
            }
            let notes = settle(touched, in: &book, at: now)
            // Under the lock, so that what is learned before these changes is known to be older.
            user.apply(passed + notes + book.reminders(of: passed), worker: worker)
        }
    }

    /// Brings the kernel in line with what is known of some streams; returns what the user plane has to know.
    private func settle(_ slots: [SlotID], in book: inout FlowBook, at now: UInt64) -> [StreamChange] {
        let notes = book.settle(slots, at: now)
        guard table.pins != nil else { return notes }
        // What user space has counted by now is not to be lost with this process.
        let entered = notes.compactMap { note in
            if case .heardElsewhere(let slot, true, _) = note { Int(slot.index) } else { nil }
        }
        book.save(entered) { user.counters(of: $0) }
        return notes
    }

    /// The flow that an earlier process has left for a port. A stream that comes without a lock is another one: its
    /// predecessor's flow goes.
    private func claim(_ local: TransportAddress, _ latch: SourceLatch) -> KernelFlow? {
        guard let flow = orphans.withLock({ $0.isEmpty ? nil : $0.removeValue(forKey: local) }) else { return nil }
        if latch.isLocked { return flow }
        drop(local, flow)
        return nil
    }

    private func drop(_ local: TransportAddress, _ flow: KernelFlow) {
        let now = SystemClock.monotonic
        table.flows.remove(local, at: now)
        cells.release(flow.counters, at: now)
    }

    package func collect() -> [(owner: Call, event: LatchEvent)] {
        let news = user.collect()
        let now = SystemClock.monotonic
        for (worker, news) in Dictionary(grouping: news, by: \.event.slot.worker) {
            shelf[Int(worker)].book.withLock { book in
                let touched = news.map(\.event).filter { book.learn($0) }.map(\.slot)
                let notes = settle(touched, in: &book, at: now)
                if !notes.isEmpty { user.apply(notes, worker: worker) }
            }
        }
        return news
    }

    package func counters(of slot: SlotID) -> StreamCounters {
        var counters = user.counters(of: slot)
        shelf[Int(slot.worker)].book.withLock { $0.add(to: &counters, slot) }
        return counters
    }

    package func drops(_ reason: DropReason) -> UInt64 { user.drops(reason) }

    /// Ends this process' part. What is in the kernel goes on, if it can outlive us.
    package func stop() {
        watch.stop()
        // Filters outlive us, and what nobody finds again must not.
        if table.pins == nil { watch.attachments.detachAll() }
        user.stop()
    }

    // MARK: An earlier process' flows

    /// All calls that there are have been restored: flows that none of them has claimed are removed.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func forgetUnclaimedFlows() -> Int {
        let left = orphans.withLock { orphans in
            defer { orphans = [:] }
            return orphans
        }
        for (local, flow) in left { drop(local, flow) }
        watch.attachments.forgetOthers()
        return left.count
    }

    /// Flows of an earlier process that no call has claimed.
    package var unclaimedFlows: Int { orphans.withLock(\.count) }

    /// Removes flows that nobody has claimed and that no packet has come for.
    func forgetSilentOrphans(_ silence: Duration, at now: UInt64) {
        let limit = UInt64(silence.components.seconds) * 1_000_000_000
        let silent = orphans.withLock { orphans in
            let silent = orphans.filter { now > cells.lastPacket($0.value.counters) &+ limit }
            for local in silent.keys { orphans[local] = nil }
            return silent
        }
        for (local, flow) in silent { drop(local, flow) }
    }

    // MARK: For the watch

    /// Streams looked at under one lock.
    private static let streamsAtOnce = 2048

    /// Lets flows into the kernel, or takes all out; false when that is how it is already.
    @discardableResult
    func setActive(_ isActive: Bool) -> Bool {
        var hasChanged = false
        for (worker, shelf) in shelf.enumerated() {
            shelf.book.withLock { book in
                guard book.isActive != isActive else { return }
                (book.isActive, hasChanged) = (isActive, true)
                let notes = book.settleAll(at: SystemClock.monotonic)
                if !notes.isEmpty { user.apply(notes, worker: UInt16(truncatingIfNeeded: worker)) }
            }
        }
        return hasChanged
    }

    /// Tells the user plane who is silent in the kernel, saves its counters there, lets those in for whom there was no room,
    /// and takes stock.
    ///
    /// - Returns: how many streams' packets come to user space although they should not.
    @discardableResult
    func sweep() -> Int {
        var (found, isFull) = (FlowSurvey(), false)
        for (worker, shelf) in shelf.enumerated() {
            var start = 0
            while start < shelf.book.withLock({ $0.streams.count }) {
                let range = start..<start + Self.streamsAtOnce
                shelf.book.withLock { book in
                    let now = SystemClock.monotonic
                    var notes = book.heard(range, at: now) + book.observations(range, at: now)
                    book.note(notes)
                    notes += book.settleLeftOut(range, at: now, isFull: &isFull)
                    if !notes.isEmpty { user.apply(notes, worker: UInt16(truncatingIfNeeded: worker)) }
                    found += book.takeStock(range, saves: table.pins != nil, at: now) { user.counters(of: $0) }
                }
                start = range.upperBound
            }
        }
        survey.withLock { $0 = found }
        return found.astray
    }

    /// Has the media threads read the RTCP that the program has forwarded, as if it had come to them.
    func readReports() {
        for (worker, reports) in Dictionary(grouping: owned(table.reports.take()), by: \.slot.worker) {
            shelf[Int(worker)].book.withLock { book in
                user.apply(reports.flatMap { book.changes(for: $0.report, at: $0.slot) }, worker: worker)
            }
        }
    }

    private func owned(_ reports: [KernelReport]) -> [(slot: SlotID, report: KernelReport)] {
        reports.compactMap { report in cells.owner(of: report.cell).map { (slot: $0, report: report) } }
    }

    // MARK: For those who look

    /// What the program has done with packets.
    package func verdicts() -> KernelVerdicts { (try? table.verdicts()) ?? KernelVerdicts() }

    /// How many ports the kernel forwards from, RTP and RTCP; of the last half second.
    package var flowCount: Int { survey.withLock(\.forwarded) }

    /// How many ports have a flow, whether or not packets come there.
    var installedCount: Int {
        shelf.reduce(0) { sum, shelf in sum + shelf.book.withLock { $0.streams.count { $0?.flow != nil } } }
    }

    /// How many ports the kernel has room for.
    package var capacity: Int { table.places.count }

    /// How many ports have no flow for lack of room.
    var leftOut: Int { survey.withLock(\.leftOut.total) }

    /// Lack of room by reason: how many ports have no flow for it, and how often there was none for one.
    package var shortages: [(reason: String, streams: Int, times: UInt64)] {
        let now = survey.withLock(\.leftOut)
        let times = shelf.reduce(into: NoRoomCounts()) { sum, shelf in sum += shelf.book.withLock(\.refusals) }
        return NoRoom.allCases.map { ($0.rawValue, now[$0], UInt64(times[$0])) }
    }

    /// Calls go on in the kernel when this process does not: their packets come to the program now, and are sent.
    package var carriesCalls: Bool { survey.withLock(\.carriesCalls) }

    package var totals: PlaneTotals {
        var totals = user.totals
        let verdicts = verdicts()
        totals.kernel.packets = verdicts.forwarded &- atStart.forwarded
        totals.kernel.bytes = verdicts.bytes &- atStart.bytes
        (totals.kernel.streams, totals.leftOut) = survey.withLock { ($0.media, $0.leftOut.total) }
        totals.user.streams -= min(totals.user.streams, totals.kernel.streams)
        return totals
    }

    /// How packets come to the program, by interface.
    package var attachments: [(interface: String, kind: String)] { watch.attachments.list }
}
