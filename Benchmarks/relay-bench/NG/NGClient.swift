import Glibc
import RelayBenchKit
import WireFormat

/// Talks NG over UDP to one relay: one command at a time, or many in flight.
final class NGClient {
    /// A reply with its body.
    struct Reply {
        let slot: Int
        let body: [UInt8]
        /// Nanoseconds since the command was first sent.
        let elapsed: UInt64
    }

    /// What `next` has to tell.
    enum Event {
        case reply(Reply)
        /// No reply after all attempts.
        case gaveUp(slot: Int)
    }

    let relay: TransportAddress
    /// Part of every cookie and call-id of this client.
    let run = SystemRandom.hexadecimal(digits: 8)
    /// Datagrams sent more than once.
    var repeats: Int { window.repeats }

    private let socket: UDPSocket
    private var window: NGWindow
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    /// Slots whose commands were given up and not reported yet.
    private var abandoned: [Int] = []

    /// Longest wait without looking at overdue commands and Ctrl-C; nanoseconds.
    private static let patience: UInt64 = 50_000_000
    private static let bufferBytes = 4 << 20

    /// Looks for replies without a pause, instead of being woken by them.
    private let staysAwake: Bool

    init(relay: TransportAddress, slots: Int = 1, staysAwake: Bool = false) throws(BenchError) {
        (self.relay, self.staysAwake) = (relay, staysAwake)
        window = NGWindow(slots: slots, run: run)
        socket = try UDPSocket(local: TransportAddress(.unspecified(relay.address.family), port: 0))
        _ = try socket.setBuffers(Self.bufferBytes)
        try socket.connect(to: relay)
    }

    /// Sends a command in a slot.
    func begin(slot: Int, body: [UInt8]) throws(BenchError) {
        window.begin(slot: slot, body: body, at: SystemClock.monotonic)
        try transmit(slot)
    }

    /// Waits for the next reply to any open command; `nil` when none is open.
    func next() throws(BenchError) -> Event? {
        while window.open > 0 || !abandoned.isEmpty {
            if let slot = abandoned.popLast() { return .gaveUp(slot: slot) }
            if let reply = try receive() { return .reply(reply) }
            for overdue in window.overdue(at: SystemClock.monotonic) {
                switch overdue {
                case .sendAgain(let slot): try transmit(slot)
                case .giveUp(let slot): abandoned.append(slot)
                }
            }
            if abandoned.isEmpty, !staysAwake { _ = try socket.waitForInput(nanoseconds: Self.patience) }
        }
        return nil
    }

    /// Sends one command and waits for its reply, when nothing else is in flight.
    func request(_ body: [UInt8]) throws(BenchError) -> NGReply {
        try begin(slot: 0, body: body)
        guard case .reply(let reply)? = try next(), let decoded = NGReply(reply.body) else {
            throw .noRelay(relay)
        }
        return decoded
    }

    /// More calls than fit into a reply are not asked for.
    private static let listed: Int64 = 1_800

    /// The calls that the relay holds.
    func calls() throws(BenchError) -> Set<String> {
        guard let calls = try request(NGTemplate.list(limit: Self.listed)).calls else {
            throw .refused(command: "list", reason: "a reply without calls")
        }
        return calls
    }

    private func transmit(_ slot: Int) throws(BenchError) {
        try refusedMeansNoRelay { () throws(BenchError) in
            _ = try socket.send(window.datagram(slot: slot), to: relay)
        }
    }

    private func receive() throws(BenchError) -> Reply? {
        while true {
            let length = try refusedMeansNoRelay { () throws(BenchError) in try socket.receive(into: &buffer) }
            guard let length else { return nil }
            let datagram = Array(buffer[..<length])
            if let match = window.reply(datagram, at: SystemClock.monotonic) {
                let body = Array(datagram[match.bodyOffset...])
                return Reply(slot: match.slot, body: body, elapsed: match.elapsed)
            }
        }
    }

    /// The peer's port-unreachable comes back as ECONNREFUSED.
    private func refusedMeansNoRelay<Result>(_ call: () throws(BenchError) -> Result) throws(BenchError) -> Result {
        do {
            return try call()
        } catch .system(let error) where error.number == ECONNREFUSED {
            throw .noRelay(relay)
        }
    }
}
