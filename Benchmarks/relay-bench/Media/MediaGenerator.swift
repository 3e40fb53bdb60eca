import CBench
import CLinux
import Glibc
import RelayBenchKit
import WireFormat

/// Sends paced RTP on all flows and accounts for what comes back; one thread does both.
///
/// Arrival times are the kernel's, so it does not matter when the packets are read, and no thread has to be woken for
/// them. Departure times are taken once per system call; inside a batch each packet is stamped later by what a packet
/// has cost so far.
struct MediaGenerator: ~Copyable {
    /// Warm-up packets teach the relay its sources; they count only in their own ledger.
    enum Phase: UInt8 { case warmUp = 0, measurement = 1 }

    /// What one phase came to.
    struct Account {
        var ledger: ArrivalLedger
        /// Interruptions, where somebody wants to know.
        var gaps: GapLedger?
        /// What arrived in time, where somebody wants to know.
        var timely: ArrivalLedger?
        /// From departure to the arrival at the other side's socket.
        var latency = LatencyHistogram()
        /// How much later than planned packets left.
        var lateness = LatencyHistogram()
        /// Packets that were due and had their turn; of each flow the share that the plan gives it.
        var turns = 0
        /// Packets that the kernel refused to send, by flow.
        var unsent: [Int: Int] = [:]
        /// Times that the socket had no room, so that packets had to wait.
        var stalls = 0
        /// Packets that arrived at a socket where they do not belong.
        var misrouted = 0
        /// Nanoseconds from the first departure to the last.
        var elapsed: UInt64 = 0
        /// When each step began.
        var starts: [UInt64] = []
        /// When the last packet left, on the clock of arrivals.
        var ended: UInt64 = 0
    }

    /// Most packets sent before the receive side gets its turn.
    private static let burst: UInt64 = 64
    private static let receiveBatch = 64

    private let plan: FlowPlan
    private let run: UInt16
    private let batch: Int
    private let tick: UInt64
    /// By flow: where to send, through which socket, and at which one it arrives.
    private let destinations: [clinux_address]
    private let descriptors: [Int32]
    private let arrivals: [Int]
    private let sockets: [UDPSocket]
    private let readiness: Readiness?
    private var outbound: DatagramBatch
    private var inbound: DatagramBatch
    /// What a packet costs in a batch, in nanoseconds, as a running mean.
    private var spacing: UInt64 = 0
    private var account = Account(ledger: ArrivalLedger(flows: 0, packetsPerFlow: 0))
    private var phase = Phase.warmUp
    /// Time between two packets of a flow; nil when interruptions are not looked for. Nanoseconds.
    private var gapInterval: UInt64?
    /// Until when a packet is of use; nil when that is not looked at. Nanoseconds.
    private var timeLimit: UInt64?
    /// Datagrams that are not this run's, or not as they were sent.
    private(set) var strangers = 0

    init(
        plan: FlowPlan, endpoints: MediaEndpoints, destinations: [TransportAddress], settings: MediaSettings
    ) throws(BenchError) {
        self.plan = plan
        self.destinations = destinations.map { clinux_address($0) }
        run = UInt16.random(in: 0..<1 << 12)
        (batch, tick) = (max(1, settings.batch), UInt64(max(0, settings.tick)) * 1000)
        sockets = endpoints.sockets
        descriptors = plan.flows.map {
            endpoints.sockets[endpoints.index($0.sender, endpoint: $0.endpoint)].descriptor
        }
        arrivals = plan.flows.map {
            endpoints.index($0.sender == .offerer ? .answerer : .offerer, endpoint: $0.endpoint)
        }
        // Two sockets are cheaper to try than to ask about.
        readiness = sockets.count > 4 ? try Readiness(sockets) : nil
        outbound = Self.preparedBatch(batch)
        inbound = DatagramBatch(capacity: Self.receiveBatch, datagramSize: MediaProbe.length + 1)
        SystemClock.useFineTimers()
    }

    /// A batch in which only the octets that differ from packet to packet are missing.
    private static func preparedBatch(_ capacity: Int) -> DatagramBatch {
        var batch = DatagramBatch(capacity: capacity, datagramSize: MediaProbe.length)
        for slot in 0..<capacity {
            var buffer = batch.buffer(slot)
            MediaProbe.prepare(&buffer)
        }
        return batch
    }

    /// From the next `send` on, the account tells the longest interruption of each flow.
    mutating func trackGaps(interval: UInt64) { gapInterval = interval }

    /// From the next `send` on, the account tells what arrived within this many nanoseconds.
    mutating func trackDelay(limit: UInt64) { timeLimit = limit }

    /// Sends `packets` at `rate` packets a second over all flows, and waits for the last to arrive.
    mutating func send(_ packets: Int, rate: Int, phase: Phase) throws(BenchError) -> Account {
        try send([PaceProfile.Step(packets: packets, rate: rate)], phase: phase)
    }

    /// Sends one step after the other without a pause, and waits for the last packet to arrive.
    mutating func send(_ steps: [PaceProfile.Step], phase: Phase) throws(BenchError) -> Account {
        self.phase = phase
        var pacer = PaceProfile(steps, start: SystemClock.monotonic + 1_000_000)
        let perFlow = (pacer.packets + plan.flows.count - 1) / plan.flows.count
        account = Account(ledger: ArrivalLedger(flows: plan.flows.count, packetsPerFlow: perFlow))
        account.gaps = gapInterval.map { GapLedger(flows: plan.flows.count, interval: $0) }
        if timeLimit != nil { account.timely = account.ledger }
        let total = UInt64(pacer.packets)
        while UInt64(account.turns) < total, !Interrupt.isRequested {
            let now = SystemClock.monotonic
            sendDue(upTo: min(total, pacer.due(at: now)), by: pacer)
            pacer.postpone(after: UInt64(account.turns), at: now)
            try receiveWaiting()
            let next = UInt64(account.turns)
            if next < total, tick > 0, pacer.due(at: SystemClock.monotonic) <= next {
                SystemClock.sleep(until: max(pacer.time(of: next), now + tick))
            }
        }
        account.elapsed = SystemClock.monotonic - pacer.start
        account.starts = pacer.starts
        account.ended = SystemClock.realTime
        try drain()
        return account
    }

    /// Sends what is due, up to packet number `due`, at most one burst of it.
    private mutating func sendDue(upTo due: UInt64, by pacer: PaceProfile) {
        let end = Int(min(due, UInt64(account.turns) + Self.burst))
        while account.turns < end, sendBatch(upTo: end, by: pacer) {}
    }

    /// Sends up to one batch through one socket; false if the socket has no room, so that the packets stay due.
    ///
    /// Not part of the loop above: Swift 6.3.1 does not come to an end compiling both in one without optimisation.
    private mutating func sendBatch(upTo end: Int, by pacer: PaceProfile) -> Bool {
        let count = fillBatch(upTo: end)
        let flow = account.turns % plan.flows.count
        let before = SystemClock.monotonic
        let result = outbound.send(0..<count, through: descriptors[flow])
        if result > 0 {
            account.lateness.record(before - min(before, pacer.time(of: UInt64(account.turns))))
            account.turns += result
            spacing = (7 * spacing + (SystemClock.monotonic - before) / UInt64(result)) / 8
        } else if result == -Int(EAGAIN) || result == -Int(ENOBUFS) {
            account.stalls += 1
            return false
        } else {
            account.unsent[flow, default: 0] += 1
            account.turns += 1
        }
        return true
    }

    /// Writes the next packets that leave through the same socket; returns how many.
    private mutating func fillBatch(upTo end: Int) -> Int {
        let flows = plan.flows.count
        let (firstFlow, firstNumber) = (account.turns % flows, account.turns / flows)
        let limit = min(batch, end - account.turns, flows - firstFlow)
        let now = SystemClock.realTime
        var count = 0
        while count < limit, descriptors[firstFlow + count] == descriptors[firstFlow] {
            let probe = MediaProbe(
                run: run, flow: UInt32(firstFlow + count), number: UInt32(truncatingIfNeeded: firstNumber),
                phase: phase.rawValue, sentAt: now + UInt64(count) * spacing)
            var buffer = outbound.buffer(count)
            probe.write(to: &buffer)
            outbound.address(count, length: MediaProbe.length, to: destinations[firstFlow + count])
            count += 1
        }
        return count
    }

    private mutating func receiveWaiting() throws(BenchError) {
        guard let readiness else {
            for index in sockets.indices { try receive(at: index) }
            return
        }
        for index in try readiness.ready() { try receive(at: index) }
    }

    private mutating func receive(at socket: Int) throws(BenchError) {
        let descriptor = sockets[socket].descriptor
        while true {
            let count = try inbound.receive(from: descriptor)
            for slot in 0..<count { take(slot, at: socket) }
            if count < inbound.capacity { return }
        }
    }

    private mutating func take(_ slot: Int, at socket: Int) {
        let info = inbound.describe(slot)
        let probe = MediaProbe(inbound.datagram(slot, length: Int(info.length)), run: run)
        guard let probe, probe.flow < plan.flows.count else { return strangers += 1 }
        guard probe.phase == phase.rawValue else { return }  // late warm-up packets
        guard arrivals[Int(probe.flow)] == socket else { return account.misrouted += 1 }
        switch account.ledger.arrived(flow: Int(probe.flow), number: Int(probe.number)) {
        case .inOrder, .reordered:
            // A stamp inside a batch is a forecast, so it may lie a little after the arrival.
            let delay = info.received_ns - min(info.received_ns, probe.sentAt)
            account.latency.record(delay)
            if let timeLimit, delay <= timeLimit {
                _ = account.timely?.arrived(flow: Int(probe.flow), number: Int(probe.number))
            }
            account.gaps?.arrived(flow: Int(probe.flow), number: Int(probe.number), at: info.received_ns)
        case .duplicate: break
        case .impossible: strangers += 1
        }
    }

    /// Waits until everything has arrived, or nothing has for half a second, and a moment more for duplicates.
    private mutating func drain() throws(BenchError) {
        let sent = account.turns - account.unsent.values.reduce(0, +)
        var lastArrival = SystemClock.monotonic
        var seen: UInt64 = 0
        while seen < sent, SystemClock.monotonic - lastArrival < 500_000_000, !Interrupt.isRequested {
            SystemClock.sleep(milliseconds: 1)
            try receiveWaiting()
            if account.latency.count != seen { (seen, lastArrival) = (account.latency.count, SystemClock.monotonic) }
        }
        SystemClock.sleep(milliseconds: 20)
        try receiveWaiting()
    }
}
