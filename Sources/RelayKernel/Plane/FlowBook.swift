internal import CRelayKernel
internal import RelayCore
internal import WireFormat

/// The streams of one media thread, and which of them the kernel forwards. The owner holds the lock.
struct FlowBook {
    private(set) var streams: [KernelStream?] = []
    /// Flows may be in the kernel: some interface brings packets there, and they are sent.
    var isActive = false
    /// How many times there was no room for a stream.
    private(set) var refusals = NoRoomCounts()
    private let flows: FlowTable
    let cells: CellPool

    init(flows: FlowTable, cells: CellPool) { (self.flows, self.cells) = (flows, cells) }

    // MARK: Streams

    subscript(slot: SlotID) -> KernelStream? {
        guard slot.index < streams.count, let stream = streams[Int(slot.index)], stream.slot == slot else { return nil }
        return stream
    }

    private func holds(_ slot: SlotID) -> Bool { self[slot] != nil }

    mutating func change(_ slot: SlotID, _ body: (inout KernelStream) -> Void) {
        guard holds(slot) else { return }
        // `!`: the line above has looked.
        body(&streams[Int(slot.index)]!)
    }

    mutating func open(_ handle: StreamHandle, tos: UInt8) {
        while streams.count <= handle.slot.index { streams.append(nil) }
        streams[Int(handle.slot.index)] = KernelStream(slot: handle.slot, local: handle.local, tos: tos)
    }

    /// Forgets a stream; its flow goes first.
    mutating func close(_ slot: SlotID, at now: UInt64) {
        guard let stream = self[slot] else { return }
        if stream.flow != nil { flows.remove(stream.local, at: now) }
        fold(stream.rtpFeed, of: slot.index, rtcp: false)
        fold(stream.rtcpFeed, of: slot.index, rtcp: true)
        for sink in stream.sinks { change(sink) { $0.sources.removeAll { $0 == slot.index } } }
        if let cell = stream.cell { cells.release(cell, at: now) }
        streams[Int(slot.index)] = nil
    }

    // MARK: What the control plane and the packets say

    mutating func install(_ slot: SlotID, _ entry: ForwardingEntry, _ latch: SourceLatch, adopting flow: KernelFlow?) {
        change(slot) { stream in
            (stream.isInstalled, stream.latch) = (true, latch)
            guard let flow else { return }
            (stream.flow, stream.cell) = (flow, flow.counters)
        }
        if let flow {
            cells.give(flow.counters, to: slot)
            let counted = cells.read(flow.counters)
            change(slot) { $0.inherited = StreamCounters(inheritedFrom: counted) }
        }
        update(slot, entry)
    }

    mutating func update(_ slot: SlotID, _ entry: ForwardingEntry) {
        for sink in self[slot]?.sinks ?? [] { change(sink) { $0.sources.removeAll { $0 == slot.index } } }
        change(slot) { $0.entry = entry }
        for sink in self[slot]?.sinks ?? [] { change(sink) { $0.sources.append(slot.index) } }
    }

    mutating func signal(
        _ slot: SlotID, _ address: TransportAddress?, _ policy: SourceLatch.Policy, isPublic: Bool, at now: UInt64
    ) { change(slot) { $0.latch.signal(address, policy: policy, isPublic: isPublic, at: now) } }

    mutating func mark(_ slot: SlotID, tos: UInt8) { change(slot) { $0.tos = tos } }

    /// - Returns: the latch as the user plane is to have it, in a round of its own.
    mutating func relatch(_ slot: SlotID, _ latch: SourceLatch) -> SourceLatch {
        var latch = latch
        latch.round = (self[slot]?.latch.round ?? 0) &+ 1
        change(slot) { $0.latch = latch }
        return latch
    }

    /// - Returns: false when it says nothing about the stream as it is now.
    mutating func learn(_ event: LatchEvent) -> Bool {
        var isNews = false
        change(event.slot) { isNews = $0.latch.follow(event) }
        return isNews
    }

    // MARK: Into the kernel and back

    /// Brings the kernel in line with what is known of some streams, and of those that are forwarded to them.
    ///
    /// - Returns: what the user plane has to know.
    mutating func settle(_ slots: some Sequence<SlotID>, at now: UInt64) -> [StreamChange] {
        var (todo, seen, notes): ([UInt32], Set<UInt32>, [StreamChange]) = ([], [], [])
        for slot in slots {
            guard let stream = self[slot] else { continue }
            for index in [slot.index] + stream.sources where seen.insert(index).inserted { todo.append(index) }
        }
        for index in todo {
            if let note = settle(Int(index), at: now) { notes.append(note) }
        }
        return notes
    }

    /// As above, for all streams: the kernel plane goes on or off.
    mutating func settleAll(at now: UInt64) -> [StreamChange] { streams.indices.compactMap { settle($0, at: now) } }

    private mutating func settle(_ index: Int, at now: UInt64) -> StreamChange? {
        guard let stream = streams[index] else { return nil }
        guard var wanted = flow(for: stream) else {
            change(stream.slot) { $0.noRoom = nil }
            return stream.flow == nil ? nil : takeBack(stream, at: now)
        }
        let place = flows.place(of: stream.local)
        guard let cell = stream.cell ?? cells.take(for: stream.slot, at: now, preferring: place) else {
            return leaveOut(stream, .full, at: now)
        }
        wanted.counters = cell
        feed(stream, wanted, cell)
        change(stream.slot) { $0.cell = cell }
        if stream.flow != wanted {
            // What user space has had is no loss.
            if stream.flow == nil { cells.change(cell) { $0.state |= UInt8(RELAY_SOURCE_ELSEWHERE.rawValue) } }
            if let reason = flows.set(stream.local, wanted, at: now) { return leaveOut(stream, reason, at: now) }
            change(stream.slot) { ($0.flow, $0.changed, $0.noRoom) = (wanted, now, nil) }
        }
        guard !stream.isHeardElsewhere else { return nil }
        change(stream.slot) { $0.isHeardElsewhere = true }
        return .heardElsewhere(stream.slot, true, last: now)
    }

    /// There is no room: this one stays in user space until there is. Its old flow, if any, is wrong now.
    private mutating func leaveOut(_ stream: KernelStream, _ reason: NoRoom, at now: UInt64) -> StreamChange? {
        if stream.noRoom == nil { refusals[reason] += 1 }
        change(stream.slot) { $0.noRoom = reason }
        return stream.flow == nil ? nil : takeBack(stream, at: now)
    }

    /// Lets streams into the kernel for which there was no room before.
    ///
    /// - Parameter isFull: that there is still none has been found out; then nobody else needs to try.
    mutating func settleLeftOut(_ range: Range<Int>, at now: UInt64, isFull: inout Bool) -> [StreamChange] {
        var notes: [StreamChange] = []
        for index in range.clamped(to: 0..<streams.count) {
            guard let reason = streams[index]?.noRoom, !isFull || reason != .full else { continue }
            if let note = settle(index, at: now) { notes.append(note) }
            if streams[index]?.noRoom == .full { isFull = true }
        }
        return notes
    }

    private mutating func takeBack(_ stream: KernelStream, at now: UInt64) -> StreamChange {
        flows.remove(stream.local, at: now)
        endFeeds(of: stream.slot)
        change(stream.slot) { ($0.flow, $0.isHeardElsewhere, $0.changed) = (nil, false, now) }
        return .heardElsewhere(stream.slot, false, last: stream.cell.map { cells.lastPacket($0) } ?? 0)
    }

    /// What the program should do for a stream; `nil` when user space has to.
    private func flow(for stream: KernelStream) -> KernelFlow? {
        guard isActive, stream.isInstalled, stream.entry.component != .opaque, !stream.entry.needsUserSpace,
            isHeard(stream.entry.rtpSink) || !stream.entry.waitsForSink, stream.latch.isLocked,
            let source = stream.latch.source
        else { return nil }
        var flow = KernelFlow(source: source, clockRate: stream.entry.clockRate)
        let isRTP = stream.entry.component == .rtp
        if isRTP, stream.entry.forwards, let (path, tos) = path(stream.entry.rtpSink) {
            (flow.rtp, flow.tos) = (path, tos)
        }
        if !isRTP || stream.entry.isMuxed, let (path, tos) = path(stream.entry.rtcpSink) {
            (flow.rtcp, flow.tos) = (path, tos)
        }
        return flow.rtp == nil && flow.rtcp == nil ? nil : flow
    }

    private func isHeard(_ sink: SlotID?) -> Bool { sink.flatMap { self[$0]?.latch.source } != nil }

    private func path(_ sink: SlotID?) -> (KernelFlow.Path, tos: UInt8)? {
        guard let sink, let stream = self[sink], stream.isInstalled, let target = stream.latch.target,
            target.address.family == stream.local.address.family
        else { return nil }
        return (KernelFlow.Path(from: stream.local, to: target), stream.tos)
    }

    // MARK: Counting

    /// Notes whom a flow's packets are sent for.
    private mutating func feed(_ stream: KernelStream, _ flow: KernelFlow, _ cell: UInt32) {
        // A flow of an earlier process has counted for the same sinks from the start.
        let counted =
            stream.cell == cell && stream.rtpFeed == nil && stream.rtcpFeed == nil && stream.flow != nil
            ? relay_counters() : cells.read(cell)
        if flow.rtp != nil, let sink = stream.entry.rtpSink, stream.rtpFeed?.sink != sink {
            fold(stream.rtpFeed, of: stream.slot.index, rtcp: false)
            change(stream.slot) {
                $0.rtpFeed = .init(sink: sink, packets: counted.rtp_packets, bytes: counted.rtp_bytes)
            }
            change(sink) { if !$0.feeders.contains(stream.slot.index) { $0.feeders.append(stream.slot.index) } }
        }
        if flow.rtcp != nil, let sink = stream.entry.rtcpSink, stream.rtcpFeed?.sink != sink {
            fold(stream.rtcpFeed, of: stream.slot.index, rtcp: true)
            change(stream.slot) {
                $0.rtcpFeed = .init(sink: sink, packets: counted.rtcp_packets, bytes: counted.rtcp_bytes)
            }
            change(sink) { if !$0.feeders.contains(stream.slot.index) { $0.feeders.append(stream.slot.index) } }
        }
    }

    /// Nothing more is sent for this stream. What the next process finds of it would not say what its sinks owe to it.
    private mutating func endFeeds(of slot: SlotID) {
        fold(self[slot]?.rtpFeed, of: slot.index, rtcp: false)
        change(slot) { $0.rtpFeed = nil }
        fold(self[slot]?.rtcpFeed, of: slot.index, rtcp: true)
        change(slot) { $0.rtcpFeed = nil }
    }

    /// A feed is over: what it has sent stays with the sink.
    private mutating func fold(_ feed: KernelStream.Feed?, of index: UInt32, rtcp: Bool) {
        guard let feed, let stream = streams[Int(index)], let cell = stream.cell else { return }
        let counted = cells.read(cell)
        let other = rtcp ? stream.rtpFeed : stream.rtcpFeed
        change(feed.sink) { sink in
            sink.sent.packets &+= (rtcp ? counted.rtcp_packets : counted.rtp_packets) &- feed.packets
            sink.sent.bytes &+= (rtcp ? counted.rtcp_bytes : counted.rtp_bytes) &- feed.bytes
            if other?.sink != feed.sink { sink.feeders.removeAll { $0 == index } }
        }
    }

    /// Adds what the kernel has counted to what the user plane has.
    func add(to counters: inout StreamCounters, _ slot: SlotID) {
        guard let stream = self[slot] else { return }
        let out = sent(by: stream)
        counters.packetsOut &+= stream.inherited.packetsOut &+ out.packets
        counters.bytesOut &+= stream.inherited.bytesOut &+ out.bytes
        guard let cell = stream.cell else { return }
        let counted = cells.read(cell)
        counters.isKernelized =
            stream.flow != nil
            && FlowSurvey.isForwarded(kernel: counted.lastPacket, user: counters.lastUserPacket)
        counters.packets &+= stream.inherited.packets &+ counted.packets
        counters.otherPackets &+= counted.rtcp_packets
        counters.bytes &+= stream.inherited.bytes &+ counted.bytes
        counters.errors &+= stream.inherited.errors
        counters.lastKernelPacket = counted.lastPacket
        if counted.hasSource {
            if counted.last_rtp >= counters.lastUserPacket, counters.ssrc != counted.ssrc {
                // What was measured until the user plane is told of the new source is about the old one.
                (counters.ssrc, counters.quality) = (counted.ssrc, nil)
            }
            counters.reception = RTPReception(counted)
        }
        counters.lastPacket = max(counters.lastPacket, counted.lastPacket)
    }

    /// What the kernel has sent from a stream's port since this process has it.
    private func sent(by stream: KernelStream) -> (packets: UInt64, bytes: UInt64) {
        var sum = stream.sent
        for index in stream.feeders {
            guard let feeder = streams[Int(index)], let cell = feeder.cell else { continue }
            let counted = cells.read(cell)
            if let feed = feeder.rtpFeed, feed.sink == stream.slot {
                sum.packets &+= counted.rtp_packets &- feed.packets
                sum.bytes &+= counted.rtp_bytes &- feed.bytes
            }
            if let feed = feeder.rtcpFeed, feed.sink == stream.slot {
                sum.packets &+= counted.rtcp_packets &- feed.packets
                sum.bytes &+= counted.rtcp_bytes &- feed.bytes
            }
        }
        return sum
    }

    /// A latch that has been replaced knows nothing of the kernel.
    func reminders(of changes: [StreamChange]) -> [StreamChange] {
        changes.compactMap { change in
            guard case .relatch(let slot, _) = change, let stream = self[slot], stream.isHeardElsewhere else {
                return nil
            }
            return .heardElsewhere(slot, true, last: 0)
        }
    }

    // MARK: Every half second

    /// Tells the user plane whose packets have not come to the kernel lately, and whose do again.
    func heard(_ range: Range<Int>, at now: UInt64) -> [StreamChange] {
        range.clamped(to: 0..<streams.count).compactMap { index in
            guard let stream = streams[index], stream.flow != nil, let cell = stream.cell else { return nil }
            let last = cells.lastPacket(cell)
            let isHeard = now < max(last, stream.changed) &+ SourceLatch.rebindSilence
            return isHeard == stream.isHeardElsewhere ? nil : .heardElsewhere(stream.slot, isHeard, last: last)
        }
    }

    /// Remembers what `heard` has said.
    mutating func note(_ changes: [StreamChange]) {
        for case .heardElsewhere(let slot, let isHeard, _) in changes {
            change(slot) { $0.isHeardElsewhere = isHeard }
        }
    }

    /// Finds out what becomes of the packets of settled streams.
    ///
    /// - Parameters:
    ///   - saves: also save what user space has counted.
    ///   - counters: those of the user plane.
    func takeStock(
        _ range: Range<Int>, saves: Bool, at now: UInt64, _ counters: (SlotID) -> StreamCounters
    ) -> FlowSurvey {
        var survey = FlowSurvey()
        for index in range.clamped(to: 0..<streams.count) {
            guard let stream = streams[index] else { continue }
            if let reason = stream.noRoom { survey.leftOut[reason] += 1 }
            guard let cell = stream.cell else { continue }
            let user = counters(stream.slot)
            survey.note(stream, kernel: cells.lastPacket(cell), user: user.lastPacket, at: now)
            if saves { save(stream, user, cell) }
        }
        return survey
    }

    /// Saves what user space has counted.
    func save(_ indices: some Sequence<Int>, _ counters: (SlotID) -> StreamCounters) {
        for index in indices where index < streams.count {
            guard let stream = streams[index], let cell = stream.cell else { continue }
            save(stream, counters(stream.slot), cell)
        }
    }

    /// Writes what user space has counted next to what the program counts, for the process that comes after this one.
    private func save(_ stream: KernelStream, _ user: StreamCounters, _ cell: UInt32) {
        var out = stream.sent
        for feeder in stream.feeders.compactMap({ streams[Int($0)] }) {
            for feed in [feeder.rtpFeed, feeder.rtcpFeed] {
                guard let feed, feed.sink == stream.slot else { continue }
                out.packets &-= feed.packets
                out.bytes &-= feed.bytes
            }
        }
        cells.change(cell) { counted in
            counted.user_packets = user.packets &+ stream.inherited.packets
            counted.user_bytes = user.bytes &+ stream.inherited.bytes
            counted.user_errors = user.errors &+ stream.inherited.errors
            counted.other_packets_out = user.packetsOut &+ stream.inherited.packetsOut &+ out.packets
            counted.other_bytes_out = user.bytesOut &+ stream.inherited.bytesOut &+ out.bytes
        }
    }
}

extension StreamCounters {
    /// What an earlier process has counted in user space.
    fileprivate init(inheritedFrom counted: relay_counters) {
        self.init()
        (packets, bytes, errors) = (counted.user_packets, counted.user_bytes, counted.user_errors)
        (packetsOut, bytesOut) = (counted.other_packets_out, counted.other_bytes_out)
    }
}

extension RTPReception {
    init(_ counted: relay_counters) {
        // The program may be writing meanwhile, so the difference may be below zero.
        let received = counted.rtp_packets - min(counted.rtp_packets, counted.packets_before)
        self.init(
            ssrc: counted.ssrc, received: UInt32(truncatingIfNeeded: received), lost: counted.lost,
            duplicates: counted.duplicates, reordered: counted.reordered, gaps: counted.gaps,
            restarts: counted.restarts, highestSequence: counted.highest_sequence, jitter: counted.jitter >> 4,
            lastTimestamp: counted.last_timestamp)
    }
}
