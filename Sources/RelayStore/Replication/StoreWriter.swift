internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Writes what this relay's calls have become, tells the others that it lives, and looks after the store. Lives on a
/// thread of its own; what it has not come to yet waits in the table, where later changes of a call replace earlier ones.
struct StoreWriter {
    /// Calls that are written with one round trip.
    private static let changesAtATime = 256
    /// From one round trip to the next. A change that comes alone is written at once; of many in a row the last state
    /// counts, and a call that has come and gone meanwhile costs nothing.
    private static let pause: UInt64 = 20_000_000
    /// How often this relay announces itself, and looks whether the store has lost anything.
    private static let beat = Duration.seconds(1)
    /// How long an announcement holds.
    private static let announcementLifetime = Duration.seconds(5)
    /// How long a note for another relay is kept.
    private static let noteLifetime = Duration.seconds(30)
    /// Packets of a stream are at least some milliseconds apart.
    private static let betweenPasses = Duration.milliseconds(3)
    /// At the end, so long at most are the last changes being written.
    private static let farewell = Duration.seconds(2)
    /// Endings that are looked at under one hold of the lock.
    private static let endingsAtATime = 1000

    let store: any SessionStore
    let relay: Relay
    let state: ReplicationState
    let intake: RecordIntake
    let options: ReplicationOptions
    private var pacer: RetryPacer
    private var nextBeat: UInt64 = 0
    private var nextWrite: UInt64 = 0
    private var nextTidying: UInt64 = 0
    /// Tells this process from others.
    private let process = UInt64.random(in: 1...UInt64.max / 2)
    /// How often in a row somebody else has spoken under our name.
    private var strangers = 0
    /// The last question of each other relay that was answered.
    private var answered: [String: UInt64] = [:]
    private var server: String?
    private var position = StorePosition(incarnation: [], sequence: 0, pruned: 0)
    private var audit = StoreAudit()
    private var cleaner = IndexCleaner()

    init(_ store: any SessionStore, _ intake: RecordIntake, _ options: ReplicationOptions) {
        (self.store, relay, state, self.intake) = (store, intake.relay, intake.state, intake)
        self.options = options
        pacer = RetryPacer(options)
    }

    /// Writes until replication stops.
    mutating func run() {
        while !state.hasStopped {
            do throws(StoreError) {
                let session = try store.open(.writing, bell: state.writerBell)
                try serve(session)
            } catch {
                state.failed(.writer, error)
                if !state.hasStopped { state.writerBell.wait(pacer.pause()) }
            }
        }
    }

    private mutating func serve(_ session: any StoreSession) throws(StoreError) {
        if session.server != server {
            state.demandAudit()
            server = session.server
        }
        state.values.withLock { $0.table.use(session.server) }
        try look(session)
        // Some servers let everybody in and refuse what is written (READONLY, OOM, MISCONF, NOPERM): one that takes an
        // announcement, and what there is to write, can be written to.
        _ = try announce(session)
        _ = try write(session)
        state.connected(.writer, to: session.server)
        pacer.succeed()  // not only after calls: a relay that only backs up others writes none for months
        nextBeat = 0
        while !state.hasStopped {
            if SystemClock.monotonic >= nextBeat { try beat(session) }
            let hasWritten = SystemClock.monotonic >= nextWrite ? try write(session) : false
            if try lookAfter(session) || hasWritten { continue }
            let isIdle = state.values.withLock { values in
                values.isWriterWaiting = values.table.isIdle
                return values.isWriterWaiting
            }
            let (now, next) = (SystemClock.monotonic, isIdle ? nextBeat : nextWrite)
            if now < next { state.writerBell.wait(.nanoseconds(next - now)) }
        }
        let deadline = ContinuousClock.now + Self.farewell
        while ContinuousClock.now < deadline, try write(session) {}
    }

    // MARK: Changes

    /// Writes some of what has changed.
    ///
    /// - Returns: false when there was nothing.
    private mutating func write(_ session: any StoreSession) throws(StoreError) -> Bool {
        let calls = state.values.withLock { $0.table.takeChanges(Self.changesAtATime) }
        guard !calls.isEmpty else { return false }
        // Where there is more, there has been enough waiting.
        nextWrite = calls.count < Self.changesAtATime ? SystemClock.monotonic &+ Self.pause : 0
        let offers = calls.compactMap(offer)
        guard !offers.isEmpty else { return true }
        let outcomes: [StoreOutcome]
        do throws(StoreError) { outcomes = try session.write(offers) } catch {
            state.values.withLock { $0.table.fail(offers.map(\.callID)) }
            throw error
        }
        settle(offers, outcomes, session)
        return true
    }

    /// What there is to say about a call now; `nil` when nobody needs to know.
    private func offer(_ callID: ByteString) -> StoreOffer? {
        let record: SessionRecord
        let entry = state.values.withLock { $0.table[callID] }
        let ended = entry.flatMap { $0.header.isLive ? nil : $0.header }
        if let snapshot = relay.snapshot(of: callID),
            ended.map({ $0 < RecordHeader(version: snapshot.version, state: .live) }) ?? true
        {
            record = .live(snapshot)
        } else if let ended {
            intake.bury(callID)
            record = .ended(CallEnding(callID: callID, version: ended.version, isFinal: ended.state == .ended))
        } else {
            state.values.withLock { $0.table.drop(callID) }
            return nil
        }
        let header = record.header
        let bytes = (entry?.header == header ? entry?.record : nil) ?? record.encoded
        guard bytes.count <= StoreLimits.recordLength, callID.count <= StoreLimits.callIDLength else {
            state.values.withLock { $0.table.block(callID) }
            state.countSkippedRecord(callID, "too large to be stored")
            return nil
        }
        state.values.withLock { $0.table.offer(callID, header, at: SystemClock.monotonic) }
        return StoreOffer(
            callID: callID, header: header, record: bytes,
            lifetime: header.isLive ? options.expiry : options.endingLifetime)
    }

    private func settle(_ offers: [StoreOffer], _ outcomes: [StoreOutcome], _ session: any StoreSession) {
        let now = SystemClock.monotonic
        var beaten: [(ByteString, [UInt8])] = []
        var blocked: [ByteString] = []
        state.values.withLock { values in
            for (offer, outcome) in zip(offers, outcomes) {
                switch outcome {
                case .stored(let sequence):
                    values.status.writtenChanges += 1
                    values.table.confirm(offer.callID, offer.header, sequence: sequence, at: now)
                case .known:
                    values.table.confirm(offer.callID, offer.header, sequence: 0, at: now)
                case .beaten(let record) where RecordHeader(record.span) == nil:
                    values.table.block(offer.callID)
                    blocked.append(offer.callID)
                case .beaten(let record):
                    values.status.refusedChanges += 1
                    values.table.drop(offer.callID)
                    beaten.append((offer.callID, record))
                case .blocked:
                    values.table.block(offer.callID)
                    blocked.append(offer.callID)
                }
            }
        }
        for (callID, record) in beaten { intake.take(record, of: callID, sequence: 0, from: "") }
        for callID in blocked { state.countSkippedRecord(callID, "something else is in the place of a record") }
        if state.values.withLock({ $0.table.hasMissed }) { state.followerBell.ring() }
    }

    // MARK: Once a second

    private mutating func beat(_ session: any StoreSession) throws(StoreError) {
        let now = SystemClock.monotonic
        nextBeat = now &+ Self.beat.nanoseconds
        cleaner.beat()
        let announced = try announce(session)
        let peers = announced.filter { $0.node != options.node }.compactMap(PeerState.peer)
        try answer(peers, session)
        try collectAnswers(peers, session)
        state.values.withLock { $0.status.peers = Self.merge($0.status.peers, peers) }
        checkName(announced)
        try look(session)
        audit.beat(intake, options, peers: Set(peers.map(\.node)))
        if now >= nextTidying {
            // Records are refreshed when they have not been for a quarter of their life time.
            nextTidying = now &+ min(options.tidying, options.expiry / 4).nanoseconds
            tidy(at: now)
        }
    }

    /// Does one step of what the store needs beside changes, which do not wait for all of it.
    ///
    /// - Returns: whether there may be more.
    private mutating func lookAfter(_ session: any StoreSession) throws(StoreError) -> Bool {
        if try audit.step(intake, session, options) { return true }
        return try cleaner.step(intake, session, &audit)
    }

    private func announce(_ session: any StoreSession) throws(StoreError) -> [StoredPeer] {
        let (progress, question) = state.values.withLock { ($0.progress, $0.question) }
        let words = PeerState(relay, progress, options, process: process, question: question)
        return try session.announce(options.node, words.encoded, lifetime: Self.announcementLifetime)
    }

    /// Tells relays that ask what has arrived at an address.
    private mutating func answer(
        _ peers: [ReplicationStatus.Peer], _ session: any StoreSession
    ) throws(StoreError) {
        for peer in peers {
            guard let question = peer.question, answered[peer.node] != question.number else { continue }
            var reader = relay.reader(at: question.address, limit: StoreLimits.readings)
            while !reader.pass() { state.writerBell.wait(Self.betweenPasses) }
            try session.leave(
                ReadingsNote(number: question.number, reader.readings).encoded, from: options.node, for: peer.node,
                lifetime: Self.noteLifetime)
            answered[peer.node] = question.number
        }
    }

    /// Takes what others have answered.
    private func collectAnswers(
        _ peers: [ReplicationStatus.Peer], _ session: any StoreSession
    ) throws(StoreError) {
        guard let question = state.values.withLock({ $0.question }), !peers.isEmpty else { return }
        let notes = try session.notes(for: options.node, from: peers.map(\.node))
        for (peer, note) in zip(peers, notes) {
            guard let note = note.flatMap({ ReadingsNote($0) }), note.number == question.number else { continue }
            state.values.withLock { values in
                if values.question == question { values.answers[peer.node] = note.readings }
            }
        }
    }

    /// Two relays of one name would both believe to own the same calls. What an earlier process of ours has said is no
    /// reason to worry.
    private mutating func checkName(_ announced: [StoredPeer]) {
        guard let said = announced.first(where: { $0.node == options.node }), PeerState.process(said) != process else {
            strangers = 0
            return
        }
        strangers += 1
        if strangers > 1 { state.reportStranger() }
    }

    /// Those who were there before and are not heard now stay in the list, as not alive.
    private static func merge(
        _ old: [ReplicationStatus.Peer], _ new: [ReplicationStatus.Peer]
    ) -> [ReplicationStatus.Peer] {
        let alive = Set(new.map(\.node))
        let gone = old.filter { !alive.contains($0.node) }.map { peer in
            var peer = peer
            (peer.isAlive, peer.isInStep) = (false, false)
            return peer
        }
        return (new + gone.prefix(StoreLimits.peers)).sorted { $0.node < $1.node }
    }

    /// Notices when the store has lost what it held.
    private mutating func look(_ session: any StoreSession) throws(StoreError) {
        let now = try session.position()
        let isOther = now.incarnation != position.incarnation && !position.incarnation.isEmpty
        if isOther || now.sequence < position.sequence {
            state.values.withLock { $0.table.resetSequences() }
            state.demandAudit()
        }
        // Whoever has not come so far in a second does not see what is written.
        let settled = min(position.sequence, now.sequence)
        state.values.withLock { $0.progress.settledSequence = settled }
        position = now
    }

    /// Forgets what is long past, and refreshes the records of calls that nothing happens to.
    private func tidy(at now: UInt64) {
        let age = options.endingLifetime.nanoseconds
        while state.values.withLock({
            $0.table.forgetEndings(olderThan: age, at: now, limit: Self.endingsAtATime)
        }) {}
        // In this order: what comes to the relay after the first look is not missed by the second.
        let known = state.values.withLock { $0.table.liveCalls }
        let held = Set(relay.callIDs(limit: .max))
        let gone = known.filter { !held.contains($0.callID) }
        state.values.withLock { $0.table.forget(gone, sought: now) }
        let quarter = options.expiry.nanoseconds / 4
        let quiet = state.values.withLock { $0.table.calls(notConfirmedSince: now - min(now, quarter)) }
        for callID in quiet where relay.isForeign(callID: callID) == false {
            state.note { $0.change(callID, isUrgent: false) }
        }
    }
}
