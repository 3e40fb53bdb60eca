import RelayBenchKit
import WireFormat

/// Redis goes away while calls come and go on one relay, and comes back: what callers notice, and how soon the relay that
/// stands by is equal again.
struct OutageRun {
    let program: RelayProgram
    /// The Redis to start.
    let redis: String
    let seconds: Int
    /// The first three octets of addresses to use.
    let network: UInt32
    let progress: (String) -> Void

    private static let callsPerSecond = 50
    /// Of so many calls one stays up; the others end after this many later ones have begun.
    private static let stays = 4
    private static let endsAfter = 100
    /// The promises: no command takes longer, and the standby is equal so soon after Redis is back.
    private static let slowestReply: UInt64 = 50_000_000
    private static let slowestReturn: UInt64 = 2_000_000_000
    /// How long the standby may take before it counts as never.
    private static let patience: UInt64 = 30_000_000_000

    /// How Redis is away.
    private enum Fault: String, CaseIterable {
        /// Killed, and back with nothing.
        case killed = "killed, back empty"
        /// Connections stay, nothing is answered.
        case stopped = "stopped (SIGSTOP)"
        /// Runs for 5 ms of every 200.
        case slow = "slow (195 ms of 200 stopped)"
    }

    private struct Result {
        var replies = LatencyHistogram()
        var errors = 0
        /// From Redis' return until the standby holds the same calls.
        var equalAfter: UInt64?
        var missing = 0
        var surplus = 0
        var calls = 0

        var isKept: Bool {
            errors == 0 && replies.maximum <= OutageRun.slowestReply
                && equalAfter.map { $0 <= OutageRun.slowestReturn } == true
        }
    }

    private func address(_ host: UInt32) -> IPAddress { IPAddress(ipv4: network | host) }

    /// Measures; the table, and whether all promises were kept.
    func lines() throws(BenchError) -> ([String], isKept: Bool) {
        var table = TextTable(
            heading: [
                "Redis away for \(seconds) s", "commands", "errors", "median", "slowest", "calls up", "missing",
                "surplus",
                "standby equal after",
            ])
        var isKept = true
        for fault in Fault.allCases {
            progress(fault.rawValue)
            let result = try measure(fault)
            isKept = isKept && result.isKept
            table.add(
                [fault.rawValue, Figures.grouped(result.replies.count), "\(result.errors)"]
                    + [result.replies.quantile(0.5), result.replies.maximum].map(Figures.duration)
                    + ["\(result.calls)", "\(result.missing)", "\(result.surplus)"]
                    + [result.equalAfter.map(Figures.duration) ?? "never"])
        }
        let promise =
            "promised: no error, no command slower than \(Figures.duration(Self.slowestReply)), the standby equal within "
            + Figures.duration(Self.slowestReturn)
        return (table.lines() + [promise + (isKept ? ": kept" : ": NOT KEPT")], isKept)
    }

    private func measure(_ fault: Fault) throws(BenchError) -> Result {
        let listener = try RedisServer.freePort(at: address(1))
        var store = try RedisServer.start(redis, at: listener)
        defer { store.end() }
        // Nobody sends media, and no call is to end for that.
        let options = ["--redis=\(listener)/0", "--no-redis-required", "--timeout=3600"]
        let active = try program.start(.init(address: address(2), extra: options + ["--node=active"]))
        let standby = try program.start(.init(address: address(3), extra: options + ["--node=standby"]))
        defer {
            active.end()
            standby.end()
        }
        var load = try OutageLoad(
            relay: active.listener, media: address(4), stays: Self.stays, endsAfter: Self.endsAfter)
        let observer = try NGClient(relay: standby.listener)
        try run(&load, seconds: 1)
        guard try equal(load, observer, since: SystemClock.monotonic) != nil else {
            throw .relayFailed("the relays do not share calls")
        }
        switch fault {
        case .killed: store.kill()
        case .stopped, .slow: store.hang(true)
        }
        try run(&load, seconds: seconds) { tick in
            // A tick is 20 ms.
            guard fault == .slow, tick % 10 == 0 else { return }
            store.hang(false)
            SystemClock.sleep(milliseconds: 5)
            store.hang(true)
        }
        if fault == .killed { store = try RedisServer.start(redis, at: listener) } else { store.hang(false) }
        let back = SystemClock.monotonic
        var result = Result(replies: load.replies, errors: load.errors)
        result.equalAfter = try equal(load, observer, since: back)
        let held = try observer.calls()
        (result.missing, result.surplus) = (load.calls.subtracting(held).count, held.subtracting(load.calls).count)
        result.calls = load.calls.count
        try active.check()
        try standby.check()
        return result
    }

    private func run(
        _ load: inout OutageLoad, seconds: Int, _ each: (_ tick: Int) -> Void = { _ in }
    ) throws(BenchError) {
        let start = SystemClock.monotonic
        let interval = 1_000_000_000 / UInt64(Self.callsPerSecond)
        for tick in 0..<seconds * Self.callsPerSecond {
            if Interrupt.isRequested { throw .interrupted }
            SystemClock.sleep(until: start + UInt64(tick) * interval)
            try load.step()
            each(tick)
        }
    }

    /// Nanoseconds until the standby holds what the active relay was told; `nil` when it does not in time.
    private func equal(
        _ load: OutageLoad, _ observer: NGClient, since start: UInt64
    ) throws(BenchError) -> UInt64? {
        while SystemClock.monotonic - start < Self.patience, !Interrupt.isRequested {
            if try observer.calls() == load.calls { return SystemClock.monotonic - start }
            SystemClock.sleep(milliseconds: 10)
        }
        return nil
    }
}
