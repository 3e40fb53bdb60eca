import Foundation
import RelayCore
import RelayKernel
import RelayTestSupport
import Testing
import WireFormat

/// What arrives, where from and marked how, whichever way ports come by their datagrams.
@Suite("Media through the user plane, with and without a socket for every port", .timeLimit(.minutes(10)))
struct PortSocketTests {
    @Test(
        "ports can share sockets, so that the tests below run both ways",
        .enabled(if: PortMode.obstacle == nil, Comment(rawValue: PortMode.obstacle ?? "")))
    func bothWays() { #expect(PortMode.possible.count == 2) }

    static let pairs: [(PortMode, String, String)] = PortMode.possible.flatMap { mode in
        [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.1", "::1"), ("::1", "127.0.0.1")].map { (mode, $0, $1) }
    }

    @Test("packets arrive unchanged, in order, from the ports that were announced", arguments: pairs)
    func relays(_ mode: PortMode, _ caller: String, _ callee: String) async throws {
        let call = try await UserPlaneCall(mode, caller: caller, callee: callee)
        defer { call.close() }
        try await call.exchange(packets: 200)
        try await call.exchangeRTCP()
        // A packet arrives before it is counted as sent.
        let totals = try await eventually("the last one is counted") {
            let totals = try #require(call.relay.query(callID: call.id)).totals
            return totals.rtcp.packetsOut == 2 && totals.rtp.packetsOut == 400 ? totals : nil
        }
        #expect(totals.rtp.packets == 400 && totals.rtcp.packets == 2)
        #expect(totals.rtp.bytesOut == totals.rtp.bytes)
        #expect(totals.rtp.errors == 0)
    }

    /// A thread with addresses of both families has another socket than one with addresses of one.
    @Test(
        "what wakes an idle media thread is no packet of anybody's", arguments: PortMode.possible,
        ["127.0.0.1", "::1"])
    func wakes(_ mode: PortMode, _ callee: String) async throws {
        let call = try await UserPlaneCall(mode, callee: callee)
        defer { call.close() }
        try await call.exchange(packets: 1)
        // Longer than the thread looks for commands by itself: the deletion has to wake it.
        try await Task.sleep(for: .milliseconds(100))
        #expect(call.relay.delete(callID: call.id, delay: .zero) != nil)
        try await Task.sleep(for: .milliseconds(100))
        #expect(call.relay.drops(.noStream) == 0)
    }

    @Test("datagrams of all sizes up to the largest", arguments: PortMode.possible)
    func sizes(_ mode: PortMode) async throws {
        let call = try await UserPlaneCall(mode)
        defer { call.close() }
        for size in [12, 13, 15, 172, 1460, 1500, 9_000, 65_507] {
            try await call.send([call.rtp(size)], from: .caller)
        }
    }

    @Test("a source that is not the peer's is dropped, and counted", arguments: PortMode.possible)
    func injection(_ mode: PortMode) async throws {
        let call = try await UserPlaneCall(mode)
        defer { call.close() }
        try await call.exchange(packets: 1)
        let stranger = try await UDPEndpoint(
            at: TransportAddress(IPAddress(ipv4: 0x7F00_0009), port: mode == .each ? 1_998 : 1_999))
        defer { stranger.close() }
        let before = call.relay.drops(.unexpectedSource)
        try await stranger.send(call.rtp(172), to: call.callersPort)
        _ = try await eventually("the stranger's packet is counted") {
            call.relay.drops(.unexpectedSource) > before ? true : nil
        }
        try await call.exchange(packets: 1)
    }

    @Test("hundreds of datagrams at once on one port, and none is lost", arguments: PortMode.possible)
    func burst(_ mode: PortMode) async throws {
        let call = try await UserPlaneCall(mode)
        defer { call.close() }
        try await call.send((0..<250).map { _ in call.rtp(172) }, from: .caller)
    }

    @Test("after the call its ports are nobody's, and can be used again", arguments: PortMode.possible)
    func release(_ mode: PortMode) async throws {
        let first = try await UserPlaneCall(mode, ports: 2)  // 4 of them: one call's worth
        defer { first.close() }
        try await first.exchange(packets: 3)
        first.relay.delete(callID: first.id, delay: .zero)
        _ = try await eventually("the ports are free") {
            first.relay.portUsage.allSatisfy { $0.used == 0 } ? true : nil
        }
        try await first.caller.send(first.rtp(172), to: first.callersPort)
        for port in [first.callersPort, first.calleesPort] {
            for port in [port, port.with(port: port.port + 1)] { try await OpenSockets.requireFree(port) }
        }
        let second = try await UserPlaneCall(on: first)
        try await second.exchange(packets: 3)
        #expect(Set([second.callersPort, second.calleesPort]) == Set([first.callersPort, first.calleesPort]))
        #expect(try #require(second.relay.query(callID: second.id)).totals.rtp.packets == 6)
    }

    @Test(
        "who falls back to speech right after a refused fax is heard, and goes on being heard",
        arguments: PortMode.possible)
    func refusedFax(_ mode: PortMode) async throws {
        let call = try await UserPlaneCall(mode)
        defer { call.close() }
        try await call.exchange(packets: 1)
        try call.refuseFax()
        let entry = try call.fallBack()
        func expectHeard() async throws {
            let before = call.callee.receivedCount
            try await call.caller.send(call.rtp(172), to: entry)
            _ = try await eventually("the packet arrives") { call.callee.receivedCount > before ? true : nil }
        }
        try await expectHeard()
        // By now the ports that were left for this one are closed.
        call.relay.sweep(at: SystemClock.monotonic + 6_000_000_000)
        _ = try await eventually("the ports are closed") {
            call.relay.portUsage.allSatisfy { $0.used == 4 } ? true : nil
        }
        try await expectHeard()
    }

    @Test(
        "every packet carries the call's TOS, also after it has changed",
        .enabled(if: PacketCapture.isAllowed, "needs CAP_NET_RAW"), arguments: PortMode.possible)
    func marks(_ mode: PortMode) async throws {
        try await withTestRun("marks-\(mode == .each ? "each" : "shared")") { run in
            let call = try await UserPlaneCall(mode, tos: 184)
            defer { call.close() }
            let capture = try await PacketCapture.start(
                "udp and dst port \(call.caller.local.port)", in: run)
            try await call.exchange(packets: 5)
            try call.reoffer(tos: 72)
            try await call.exchange(packets: 5)
            let mark = "enough"
            try await call.callee.send(Array(mark.utf8), to: call.caller.local)
            let seen = try await capture.stop(after: mark).filter { $0.source == call.callersPort }
            #expect(seen.map(\.tos) == [UInt8](repeating: 184, count: 5) + [UInt8](repeating: 72, count: 5))
        }
    }

    @Test("hundreds of calls heard at the same moment, and all their sources are known", arguments: PortMode.possible)
    func learnsAll(_ mode: PortMode) async throws {
        let calls = mode == .shared ? 600 : 20  // another test counts descriptors meanwhile
        let relay = try UserPlaneCall.relay(
            mode, [IPAddress(ipv4: 0x7F00_0001)], ports: UInt16(4 * calls + 400), tos: 0)
        defer { relay.stop() }
        let phone = try await UDPEndpoint(
            at: TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: mode == .each ? 1_996 : 1_997))
        defer { phone.close() }
        let ids = (0..<calls).map { ByteString("\($0)@crowd") }
        var ports: [TransportAddress] = []
        for id in ids {
            let (callers, callees) = try UserPlaneCall.negotiate(id, on: relay, phone.local, phone.local)
            ports += [callers, callees]
        }
        // More than once, since a burst may be too much for a receive queue. Who is locked has nothing to say again.
        for number in 1...3 { try await phone.send(TestFrame.rtp(sequence: UInt16(number)), toAll: ports) }
        var number: UInt16 = 3
        _ = try await eventually("all that arrived is known", every: .milliseconds(200)) {
            number += 1
            if number % 10 == 0 { try await phone.send(TestFrame.rtp(sequence: number), toAll: ports) }
            let media = ids.compactMap { relay.snapshot(of: $0) }.flatMap { $0.sides.flatMap(\.media) }
            return media.count == 2 * calls && media.allSatisfy(\.terms.observed.isLocked) ? true : nil
        }
    }

    @Test(
        "a hundred calls, and no descriptor for any of them",
        .enabled(if: PortMode.obstacle == nil, Comment(rawValue: PortMode.obstacle ?? "")))
    func descriptors() async throws {
        let relay = try UserPlaneCall.relay(.shared, [IPAddress(ipv4: 0x7F00_0001)], ports: 500, tos: 0)
        defer { relay.stop() }
        let before = try #require(OpenSockets.descriptorCount(of: getpid()))
        let phone = TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: 9)
        for number in 0..<100 {
            try UserPlaneCall.negotiate(ByteString("\(number)@descriptors"), on: relay, phone, phone)
        }
        #expect(relay.portUsage.map(\.used).reduce(0, +) == 400)
        // Other tests run meanwhile, but none opens that many.
        #expect(try #require(OpenSockets.descriptorCount(of: getpid())) < before + 200)
    }
}
