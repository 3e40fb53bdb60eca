import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// The RTCP of a call's telephones, on ports of its own.
final class TestReports: Sendable {
    private let call: TestCall
    private let (caller, callee): (UDPEndpoint, UDPEndpoint)

    init(_ call: TestCall) async throws {
        self.call = call
        caller = try await UDPEndpoint(at: call.caller.local.with(port: call.caller.local.port + 1))
        callee = try await UDPEndpoint(at: call.callee.local.with(port: call.callee.local.port + 1))
    }

    func close() {
        caller.close()
        callee.close()
    }

    private func send(_ packet: [UInt8], fromCaller: Bool) async throws {
        let port = fromCaller ? call.callersPort : call.calleesPort
        let (from, to) = fromCaller ? (caller, callee) : (callee, caller)
        let before = to.receivedCount
        try await from.send(packet, to: port.with(port: port.port + 1))
        _ = try await eventually("RTCP arrives") { to.receivedCount > before ? true : nil }
        #expect(to.datagrams.last { $0.destination == to.local }?.payload == packet)
    }

    /// Empty reports, and RTP, until the kernel forwards all four streams; or a few.
    func settle(inKernel: Bool) async throws {
        var sequence: UInt16 = 0
        _ = try await eventually("the kernel forwards call \(call.id) and its RTCP", every: .milliseconds(20)) {
            sequence += 1
            try await call.talk(packets: 1, from: sequence)
            for side in [true, false] { try await send(TestFrame.rtcp, fromCaller: side) }
            let isDone = try await inKernel ? call.kernelizedCount() == 4 : sequence == 5
            return isDone ? true : nil
        }
    }

    /// Sender reports both ways, then what each side has to say about the other's source: SSRC 1 is the caller's.
    func exchange() async throws {
        try await send(Self.report(from: 1, time: 0x1111_0000, about: nil), fromCaller: true)
        try await send(Self.report(from: 2, time: 0x2222_0000, about: nil), fromCaller: false)
        // What is longer than most, and ends with something that is looked at.
        try await send(
            Self.report(from: 2, time: 0x2222_0001, about: (1, fraction: 26, lost: 2, since: 0x1111_0000))
                + [0x81, 202, 0, 40] + [UInt8](repeating: 1, count: 160), fromCaller: false)
        try await send(
            Self.report(from: 1, time: 0x1111_0001, about: (2, fraction: 128, lost: 9, since: 0x2222_0000)),
            fromCaller: true)
    }

    /// A sender report (RFC 3550 §6.4.1) with one block, which reports 20 ms of jitter, or with none.
    private static func report(
        from ssrc: UInt64, time: UInt64, about block: (ssrc: UInt64, fraction: UInt64, lost: UInt64, since: UInt64)?
    ) -> [UInt8] {
        func word(_ value: UInt64) -> [UInt8] { TestFrame.octets(value, 4) }
        var packet: [UInt8] = [block == nil ? 0x80 : 0x81, 200, 0, block == nil ? 6 : 12]
        packet += word(ssrc) + [0, 0] + word(time) + [0, 0] + word(160) + word(1) + word(172)
        guard let block else { return packet }
        packet += word(block.ssrc) + word(block.fraction << 24 | block.lost) + word(100) + word(160)
        return packet + word(block.since) + word(0)
    }
}

extension KernelTests.KernelCallTests {
    /// What a query says of both sources, wherever it does, in the order of its reply.
    private struct Figures: Equatable {
        let samples, loss, jitter, lost, mos: [Int]
        /// Measured, so never the same twice.
        let knowsRoundTrips: Bool

        init(_ reply: String) {
            func numbers(_ key: String) -> [Int] {
                reply.components(separatedBy: "\(key.utf8.count):\(key)i").dropFirst().compactMap {
                    Int($0.prefix { $0 != "e" })
                }
            }
            (samples, loss, jitter) = (numbers("samples"), numbers("packet loss"), numbers("jitter"))
            (lost, mos) = (numbers("cumulative loss"), numbers("MOS"))
            let trips = numbers("round-trip time leg")
            knowsRoundTrips = !trips.isEmpty && trips.allSatisfy { $0 > 0 && $0 < 10_000_000 }
        }
    }

    private func figures(_ number: UInt8, inKernel: Bool) async throws -> Figures {
        try await withTestRun("figures-\(number)") { run in
            let host = try TestHost(number)
            defer { host.remove() }
            // Listening quality: the round trip is the test's own time between a report and its answer.
            var options = try host.options(["--mos=LQ"])
            if !inKernel { options.others.removeAll { $0 == "--no-fallback" || $0.hasPrefix("--table") } }
            let relay = try await RelayProcess.start(options, in: run)
            var figures: Figures?
            for attempt in 0..<10 as Range<UInt16> where figures == nil {
                figures = try await self.figures(attempt, on: host, relay, inKernel: inKernel)
            }
            relay.process.stop()
            if inKernel { try await flush(options, run) }
            return try #require(figures, "ten calls have taken so long that there were other samples, too")
        }
    }

    /// Of one call; `nil` when it has taken so long that there may be samples of the packets themselves before the reports.
    private func figures(
        _ attempt: UInt16, on host: TestHost, _ relay: RelayProcess, inKernel: Bool
    ) async throws -> Figures? {
        let start = ContinuousClock.now
        let call = try await TestCall(
            "figures-\(attempt)@\(host.number)", through: relay.client,
            TransportAddress(host.phones(.ipv4), port: 5000 + 4 * attempt),
            TransportAddress(host.phones(.ipv4), port: 6000 + 4 * attempt))
        defer { call.close() }
        let reports = try await TestReports(call)
        defer { reports.close() }
        try await reports.settle(inKernel: inKernel)
        try await reports.exchange()
        guard ContinuousClock.now - start < .seconds(4) else { return nil }
        let figures: Figures = try await eventually("both sources have a sample", every: .milliseconds(50)) {
            let figures = Figures(try await call.query())
            return Set(figures.samples) == [1] && figures.knowsRoundTrips ? figures : nil
        }
        return figures
    }

    @Test("what RTCP says is the same, whoever forwards it", .timeLimit(.minutes(10)))
    func sameFigures() async throws {
        let (user, kernel) = (try await figures(24, inKernel: false), try await figures(25, inKernel: true))
        #expect(user == kernel)
        #expect(Set(kernel.lost) == [2, 9], "\(kernel)")
    }
}
