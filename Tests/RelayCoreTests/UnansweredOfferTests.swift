import RelayTestSupport
import Testing
import WireFormat

@testable import RelayCore

/// A call whose callee sends from elsewhere than its SDP says, while a re-offer waits for its answer; with real packets.
@Suite("Re-offers that are not answered yet", .serialized, .timeLimit(.minutes(10)))
struct UnansweredOfferTests {
    private static let rtp: [UInt8] = [0x80, 8, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 0xD5]
    private static let fax: [UInt8] = [0, 1, 2, 3]

    /// Its first address is of each test alone.
    private let network: LoopbackNetwork
    private let relay: Relay

    init() throws {
        network = try LoopbackNetwork(portCount: 2)
        relay = try Self.relay("a", on: network)
    }

    private static func relay(_ node: String, on network: LoopbackNetwork) throws -> Relay {
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: network.host(1))])
        configuration.ports = 18_400...18_499
        configuration.mediaThreads = 1
        configuration.node = node
        return try Relay(configuration, runsHousekeeping: false)
    }

    private func at(_ port: UInt16) -> TransportAddress { TransportAddress(network.host(1), port: port) }

    private func sdp(_ media: String) -> [UInt8] {
        let lines = [
            "v=0", "o=- 1 1 IN IP4 \(network.host(1))", "s=-", "c=IN IP4 \(network.host(1))", "t=0 0", "m=\(media)",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    private func port(_ sdp: [UInt8]) throws -> TransportAddress {
        let line = String(decoding: sdp, as: UTF8.self).split(whereSeparator: \.isNewline).first {
            $0.hasPrefix("m=")
        }
        return at(try #require(line.flatMap { UInt16($0.split(separator: " ")[1]) }))
    }

    private func offer(_ media: String) throws -> TransportAddress {
        try port(relay.offer(Offer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(media))))
    }

    private func answer(_ media: String) throws -> TransportAddress {
        try port(relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(media))))
    }

    /// Alice, bob, whose SDP says port 18_510, and the ports of the relay that they talk to.
    private struct Talk {
        let alice, bob: UDPEndpoint
        let toAlice, toBob: TransportAddress

        func close() {
            alice.close()
            bob.close()
        }
    }

    /// A call in which both have been heard.
    private func talk() async throws -> Talk {
        let alice = try await UDPEndpoint(at: at(18_500))
        let bob = try await UDPEndpoint(at: at(18_520))
        let offered = try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp("audio 18500 RTP/AVP 8")))
        let talk = Talk(
            alice: alice, bob: bob, toAlice: try answer("audio 18510 RTP/AVP 8"), toBob: try port(offered))
        try await send(Self.rtp, from: alice, to: talk.toAlice)
        try await send(Self.rtp, from: bob, to: talk.toBob, arrivesAt: alice, from: talk.toAlice)
        _ = try await eventually("bob's source is learned") {
            relay.collect()
            return relay.snapshot(of: "1")?.sides[1].media[0].terms.observed.source == bob.local ? true : nil
        }
        try await send(Self.rtp, from: alice, to: talk.toAlice, arrivesAt: bob, from: talk.toBob)
        return talk
    }

    /// Sends a packet; the other one must get it, from this port of the relay's.
    private func send(
        _ packet: [UInt8], from sender: UDPEndpoint, to port: TransportAddress, arrivesAt other: UDPEndpoint? = nil,
        from relayed: TransportAddress? = nil, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        func arrived(_ endpoint: UDPEndpoint) -> [CapturedDatagram] {
            endpoint.datagrams.filter { $0.destination == endpoint.local }
        }
        let before = other.map { arrived($0).count } ?? 0
        try await sender.send(packet, to: port)
        guard let other else { return }
        let datagram = try await eventually("a packet from \(sender.local) arrives at \(other.local)") {
            arrived(other).dropFirst(before).first
        }
        #expect(datagram.source == relayed, sourceLocation: location)
        #expect(datagram.payload == packet, sourceLocation: location)
    }

    @Test("who moves is heard where the other side was heard, from the port that it knows, whatever it answers")
    func move() async throws {
        defer { relay.stop() }
        let talk = try await talk()
        defer { talk.close() }
        let moved = try await UDPEndpoint(at: at(18_530))
        defer { moved.close() }
        let new = try offer("audio 18530 RTP/AVP 8")
        #expect(new != talk.toBob)
        try await send(Self.rtp, from: moved, to: talk.toAlice, arrivesAt: talk.bob, from: talk.toBob)
        // Refused, and tried again.
        #expect(try offer("audio 18530 RTP/AVP 8") == new)
        try await send(Self.rtp, from: moved, to: talk.toAlice, arrivesAt: talk.bob, from: talk.toBob)
        // Accepted by a phone that says nothing for now.
        #expect(try answer("audio 18510 RTP/AVP 8") == talk.toAlice)
        try await send(Self.rtp, from: moved, to: talk.toAlice, arrivesAt: talk.bob, from: new)
        let observed = try #require(relay.snapshot(of: "1")).sides[1].media[0].terms.observed
        #expect(observed.target == talk.bob.local && !observed.isLocked, "nothing has come to the new port")
    }

    @Test("an m-line that was off gets another port, and is heard there anew: its NAT may use another port, too")
    func offAndOn() async throws {
        defer { relay.stop() }
        let talk = try await talk()
        defer { talk.close() }
        let rebound = try await UDPEndpoint(at: at(18_522))
        defer { rebound.close() }
        /// Bob offers and alice answers; where the relay takes bob's media, and hers.
        func reoffer(_ bobs: String, _ alices: String) throws -> [TransportAddress] {
            let toAlice = try port(relay.offer(Offer(callID: "1", fromTag: "b", toTag: "a", sdp: sdp(bobs))))
            let toBob = try port(relay.answer(Answer(callID: "1", fromTag: "b", toTag: "a", sdp: sdp(alices))))
            return [toBob, toAlice]
        }
        _ = try reoffer("audio 0 RTP/AVP 8", "audio 0 RTP/AVP 8")
        let ports = try reoffer("audio 18510 RTP/AVP 8", "audio 18500 RTP/AVP 8")
        #expect(ports[0] != talk.toBob)
        try await send(Self.rtp, from: rebound, to: ports[0], arrivesAt: talk.alice, from: ports[1])
        try await send(Self.rtp, from: talk.alice, to: ports[1], arrivesAt: rebound, from: ports[0])
    }

    @Test("a phone that says in its answer where it is now is heard there")
    func bothMove() async throws {
        defer { relay.stop() }
        let talk = try await talk()
        defer { talk.close() }
        let elsewhere = try await UDPEndpoint(at: at(18_540))
        defer { elsewhere.close() }
        let new = try offer("audio 18502 RTP/AVP 8")
        _ = try answer("audio 18540 RTP/AVP 8")
        try await send(Self.rtp, from: talk.alice, to: talk.toAlice, arrivesAt: elsewhere, from: new)
    }

    @Test("speech goes on while fax is offered, and when that is refused; fax goes where speech was learned")
    func fax() async throws {
        defer { relay.stop() }
        let talk = try await talk()
        defer { talk.close() }
        let toBob = try offer("image 18502 udptl t38")
        #expect(toBob != talk.toBob)
        try await send(Self.rtp, from: talk.alice, to: talk.toAlice, arrivesAt: talk.bob, from: talk.toBob)
        try await send(Self.rtp, from: talk.bob, to: talk.toBob, arrivesAt: talk.alice, from: talk.toAlice)
        let toAlice = try answer("image 18510 udptl t38")
        #expect(toAlice != talk.toAlice)
        try await send(Self.fax, from: talk.alice, to: toAlice, arrivesAt: talk.bob, from: toBob)
        // What was under way.
        try await send(Self.rtp, from: talk.alice, to: talk.toAlice, arrivesAt: talk.bob, from: talk.toBob)
    }

    @Test("another relay goes on from the port in use, and learns at the new one when that has been answered")
    func restored() async throws {
        let other = try Self.relay("b", on: network)
        defer { other.stop() }
        let talk = try await talk()
        let alice = try await UDPEndpoint(at: at(18_530))
        // Bob's NAT gives him another port as soon as he talks to another one.
        let bob = try await UDPEndpoint(at: at(18_522))
        defer {
            talk.close()
            alice.close()
            bob.close()
        }
        let new = try offer("audio 18530 RTP/AVP 8")
        let offered = try #require(relay.snapshot(of: "1"))
        _ = try answer("audio 18510 RTP/AVP 8")
        let answered = try #require(relay.snapshot(of: "1"))
        relay.stop()
        for port in [talk.toAlice, talk.toBob, new].map(\.port) {
            for port in [port, port + 1] { try await network.requireFree(port) }
        }

        #expect(other.apply(offered) == .created)
        try await send(Self.rtp, from: alice, to: talk.toAlice, arrivesAt: talk.bob, from: talk.toBob)
        #expect(other.apply(answered) == .updated)
        try await send(Self.rtp, from: bob, to: new)
        _ = try await eventually("his new source is learned") {
            other.collect()
            return other.snapshot(of: "1")?.sides[1].media[0].terms.observed.source == bob.local ? true : nil
        }
        try await send(Self.rtp, from: alice, to: talk.toAlice, arrivesAt: bob, from: new)
    }

    @Test("at a new port an endpoint is expected where it was, and believed when it comes from elsewhere")
    func latch() throws {
        defer { relay.stop() }
        _ = try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp("audio 18500 RTP/AVP 8")))
        let (known, other) = (at(33_000), at(33_001))
        var terms = try #require(relay.snapshot(of: "1")).sides[0].media[0].terms
        (terms.signalled, terms.isPublic) = (TransportAddress("10.0.0.5:5000")!, true)
        terms.observed = ObservedEndpoint(source: known, target: known, isLocked: true)
        let now: UInt64 = 100_000_000_000
        let used = LatchTerms(terms, .rtp, isInUse: true).latch(at: now)
        #expect(used.isLocked && used.target == known)
        var waiting = LatchTerms(terms, .rtp, isInUse: false).latch(at: now)
        #expect(!waiting.isLocked && waiting.target == known)
        #expect(waiting.received(from: other, at: now) == .forward, "nobody has agreed to this port")
        #expect(waiting.target == known)
        waiting.signal(terms.signalled, policy: terms.policy, isPublic: true, at: now + 1)
        var (same, moved) = (waiting, waiting)
        #expect(same.received(from: known, at: now + 2) == .learned && same.isLocked)
        #expect(moved.received(from: other, at: now + 2) == .learned && moved.target == other)
    }
}
