import RelayTestSupport
import Synchronization
import Testing
import WireFormat

@testable import RelayCore

/// Commands that come between what is being talked and what is learned of it; in process, with real packets.
@Suite("Commands in the middle of a call", .serialized, .timeLimit(.minutes(10)))
struct LearnedLateTests {
    /// Of each test alone.
    private let (local, elsewhere): (IPAddress, IPAddress)
    private let relay: Relay

    init() throws {
        let network = try LoopbackNetwork(portCount: 2)
        (local, elsewhere) = (network.host(1), network.host(2))
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: local)])
        configuration.ports = 24_000...24_199
        configuration.mediaThreads = 1
        relay = try Relay(configuration, runsHousekeeping: false)
    }

    /// m-lines for these ports, audio first.
    private func sdp(_ ports: UInt16...) -> [UInt8] {
        var lines = ["v=0", "o=- 1 1 IN IP4 \(local)", "s=-", "c=IN IP4 \(local)", "t=0 0"]
        for (index, port) in ports.enumerated() {
            lines.append(index == 0 ? "m=audio \(port) RTP/AVP 8" : "m=video \(port) RTP/AVP 96")
        }
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    private func ports(_ sdp: [UInt8]) -> [UInt16] {
        String(decoding: sdp, as: UTF8.self).split(whereSeparator: \.isNewline).filter { $0.hasPrefix("m=") }
            .compactMap { UInt16($0.split(separator: " ")[1]) }
    }

    private func observed(_ tag: ByteString) -> ObservedEndpoint? {
        relay.snapshot(of: "1")?.sides.first { $0.participant.tag == tag }?.media.first?.terms.observed
    }

    @Test("what was learned before a move is not taken for what comes after it")
    func staleNews() async throws {
        defer { relay.stop() }
        let caller = try await UDPEndpoint(at: TransportAddress(local, port: 24_200))
        defer { caller.close() }
        _ = try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp(24_200)))
        let toCaller = try relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_204)))
        let port = TransportAddress(local, port: try #require(ports(toCaller).first))
        // When the second packet has been counted, the news of the first one are on their way.
        for number: UInt64 in 1...2 {
            try await caller.send([0x80, 8, 0, UInt8(number)] + [UInt8](repeating: 1, count: 9), to: port)
            _ = try await eventually("packet \(number) is counted") {
                relay.query(callID: "1")?.sides[0].media[0].streams[0].counters.packets == number ? true : nil
            }
        }
        _ = try relay.offer(Offer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_210)))
        relay.collect()
        #expect(observed("a")?.source == nil)
        #expect(observed("a")?.target == TransportAddress(local, port: 24_210))
        #expect(observed("a")?.isLocked == false)
    }

    @Test("a lock that a stranger's packet has closed is known, although the stranger is refused")
    func lockedByStranger() async throws {
        defer { relay.stop() }
        _ = try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp(24_200)))
        let toCaller = try relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_204)))
        let port = TransportAddress(local, port: try #require(ports(toCaller).first))
        let slot = try #require(relay.find("1")?.state.withLock { $0.ports.first { $0.rtpAddress == port }?.rtp.slot })
        // The caller, behind NAT, was heard four seconds ago.
        let (signalled, source) = (TransportAddress(local, port: 24_200), port.with(port: 24_202))
        let start = SystemClock.monotonic - SourceLatch.learningWindow - 1_000_000_000
        var latch = SourceLatch(signalled: signalled, policy: SourceLatch.Policy())
        latch.signal(signalled, policy: latch.policy, isPublic: true, at: start)
        #expect(latch.received(from: source, at: start + 1) == .learned)
        relay.plane.apply([.relatch(slot, latch)], worker: 0)

        let stranger = try await UDPEndpoint(at: TransportAddress(elsewhere, port: 24_206))
        defer { stranger.close() }
        try await stranger.send([0x80, 8, 0, 1] + [UInt8](repeating: 1, count: 9), to: port)
        _ = try await eventually("the stranger is refused") { relay.drops(.unexpectedSource) == 1 ? true : nil }
        // What a round of the media thread has to tell comes at its end.
        _ = try await eventually("the lock is known") {
            relay.collect()
            return observed("a")?.isLocked == true ? true : nil
        }
        #expect(observed("a")?.source == source)
    }

    @Test("an m-line that an offer takes back keeps its ports until the answer, or for good when that refuses")
    func withdrawn() throws {
        defer { relay.stop() }
        let toCallee = ports(try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp(24_200, 24_202))))
        let toCaller = ports(
            try relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_204, 24_206))))
        #expect(relay.snapshot(of: "1")?.ports.count == 4)

        func offer(_ video: UInt16) throws -> [UInt16] {
            ports(try relay.offer(Offer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_200, video))))
        }
        #expect(try offer(0) == [toCallee[0], 0])
        #expect(relay.snapshot(of: "1")?.ports.count == 4, "nobody has agreed to it yet")
        let video = relay.snapshot(of: "1")?.sides[0].media[1].terms
        #expect(video?.signalled == TransportAddress(local, port: 24_202), "it may still be refused")
        // It was refused: what is said next is about the same ports.
        #expect(try offer(24_202) == toCallee)
        let again = try relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_204, 24_206)))
        #expect(ports(again) == toCaller)

        #expect(try offer(0) == [toCallee[0], 0])
        let agreed = try relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(24_204, 0)))
        #expect(ports(agreed) == [toCaller[0], 0])
        #expect(relay.snapshot(of: "1")?.ports.count == 2)
    }

    @Test("a socket that cannot be watched is an error of its port, and nothing is left of it")
    func unwatched() throws {
        relay.stop()
        let fails = SystemError(errno: 28, operation: "epoll_ctl")  // ENOSPC
        let plane = try UserPlane(
            threads: 1, capacity: 8, isPinned: false, listener: Poller(),
            watch: { (_, _, _) throws(SystemError) in throw fails })
        defer { plane.stop() }
        let pool = PortPool(address: local, range: 24_002...24_003)
        let state = CallState(tos: 0, wall: 1, monotonic: 1, node: "a")
        let call = Call(id: "1", worker: 0, state: state)
        // More often than there are slots: each is given back.
        for _ in 0..<20 {
            let pair = try #require(pool.draw(), "the pair before is free again")
            #expect(throws: fails) { try plane.open(.rtp, of: pair, tos: 0, worker: 0, owner: call) }
        }
        #expect(plane.totals.user.streams == 0)
    }
}
