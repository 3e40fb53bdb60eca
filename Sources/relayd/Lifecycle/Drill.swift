internal import Logging
internal import RelayCore
internal import RelayFailover
internal import RelayStore
internal import WireFormat

/// Lends a home address to its backup for some seconds, in production, and accounts for its packets on all relays.
struct Drill: Sendable {
    /// What a drill has shown; times in milliseconds.
    struct Outcome: Sendable {
        /// From the change of the route to the last packet that still came here; `nil` when packets never stopped.
        var away: Int?
        /// From the change back to the first packet; `nil` when none came back.
        var back: Int?
        let account: DrillAccount
        /// Whose each port is.
        let calls: [UInt16: ByteString]
        /// Relays that have not told what has arrived there.
        let silentPeers: [String]
    }

    /// Packets come back within this time, in nanoseconds.
    private static let returning: UInt64 = 3_000_000_000
    /// What is late by more than that has taken another way; then everybody counts.
    private static let stragglers = Duration.milliseconds(500)
    /// The other relays hear of a question within a second, and answer within another one; nanoseconds.
    private static let answering: UInt64 = 4_000_000_000
    /// Before the end of the loan, what has arrived until then is read; nanoseconds.
    private static let readingTime: UInt64 = 200_000_000

    let relay: Relay
    let routes: RouteService
    let shared: SharedCalls?
    let log: Logger

    /// Runs a drill; `nil` when the address is not ours to lend.
    func run(_ address: IPAddress, seconds: Int) async -> Outcome? {
        guard routes.canLend(address) else { return nil }
        let calls = relay.callIDsByPort(at: address)
        let peers = shared?.peers(at: address) ?? []
        let othersBefore = await ask(peers, about: address)
        let before = await read(address)

        let start = SystemClock.monotonic
        let end = start &+ UInt64(seconds) * 1_000_000_000
        guard routes.lend(address, until: end) else { return nil }
        log.notice("drill: \(address) is lent to its backup for \(seconds) s")
        await wait(until: end &- Self.readingTime)
        let during = await read(address)
        await wait(until: end)
        let left = lastPacket(at: address)
        routes.look()
        while lastPacket(at: address) <= end, SystemClock.monotonic &- end < Self.returning {
            await pause(.milliseconds(5))
        }
        let first = lastPacket(at: address)
        log.notice("drill: \(address) is back")

        await pause(Self.stragglers)
        let othersAfter = await ask(peers, about: address)
        let after = await read(address)
        let silent = peers.filter { othersBefore[$0] == nil || othersAfter[$0] == nil }
        let others = peers.map { (before: othersBefore[$0] ?? [:], after: othersAfter[$0] ?? [:]) }
        return Outcome(
            away: end &- min(end, left) > RouteService.silence ? Int((left &- min(left, start)) / 1_000_000) : nil,
            back: first > end ? Int((first &- end) / 1_000_000) : nil,
            account: DrillAccount(before: before, during: during, after: after, others: silent.isEmpty ? others : nil),
            calls: calls, silentPeers: silent)
    }

    private func lastPacket(at address: IPAddress) -> UInt64 { relay.lastPackets(at: [address])[address] ?? 0 }

    private func read(_ address: IPAddress) async -> DrillAccount.Readings {
        var reader = relay.reader(at: address, limit: StoreLimits.readings)
        while !reader.pass() { await pause(.milliseconds(3)) }
        return Self.byPort(reader.readings)
    }

    /// Asks other relays what has arrived there; those that do not answer in time are left out.
    private func ask(_ peers: [String], about address: IPAddress) async -> [String: DrillAccount.Readings] {
        guard let shared, !peers.isEmpty else { return [:] }
        shared.ask(ReadingsQuestion(about: address))
        defer { shared.ask(nil) }
        let deadline = SystemClock.monotonic &+ Self.answering
        while !peers.allSatisfy({ shared.answers[$0] != nil }), SystemClock.monotonic < deadline {
            await pause(.milliseconds(50))
        }
        return shared.answers.mapValues(Self.byPort)
    }

    private static func byPort(_ readings: [StreamReading]) -> DrillAccount.Readings {
        Dictionary(readings.map { ($0.port, $0) }) { _, last in last }
    }

    private func wait(until end: UInt64) async {
        while SystemClock.monotonic < end { await pause(.milliseconds(10)) }
    }

    /// A cancelled pause is a short one.
    private func pause(_ time: Duration) async { try? await Task.sleep(for: time) }
}
