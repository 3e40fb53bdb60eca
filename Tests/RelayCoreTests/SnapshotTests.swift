import RelayCore
import RelayTestSupport
import Testing
import WireFormat

/// A call that goes on in another relay: what travels, and who may end it.
@Suite(.serialized) struct SnapshotTests {
    /// Of each test alone: others would take ports that both relays need.
    private let network: LoopbackNetwork
    private var local: IPAddress { network.host(1) }
    private let first: Relay
    private let second: Relay

    init() throws {
        network = try LoopbackNetwork(portCount: 2)
        (first, second) = (try Self.relay("a", at: network.host(1)), try Self.relay("b", at: network.host(1)))
    }

    private static func relay(_ node: String, at local: IPAddress) throws(RelayError) -> Relay {
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: local)])
        configuration.ports = 32_000...32_199
        configuration.mediaThreads = 1
        configuration.node = node
        configuration.timeouts.deleteDelay = .seconds(30)
        return try Relay(configuration, runsHousekeeping: false)
    }

    private func body(_ endpoint: UDPEndpoint, direction: String = "sendrecv") -> [UInt8] {
        let lines = [
            "v=0", "o=- 1 1 IN IP4 \(local)", "s=-", "c=IN IP4 \(local)", "t=0 0",
            "m=audio \(endpoint.local.port) RTP/AVP 8", "a=\(direction)",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    private func audioPort(in sdp: [UInt8]) throws -> UInt16 {
        let text = String(decoding: sdp, as: UTF8.self)
        let line = try #require(text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("m=audio ") })
        return try #require(UInt16(line.split(separator: " ")[1]))
    }

    /// Two telephones, and the ports of the relay that they talk to.
    private struct Talk {
        let caller: UDPEndpoint
        let callee: UDPEndpoint
        let callersPort: TransportAddress
        let calleesPort: TransportAddress

        func close() {
            caller.close()
            callee.close()
        }
    }

    private func call(through relay: Relay, on ports: (UInt16, UInt16)) async throws -> Talk {
        let caller = try await UDPEndpoint(at: TransportAddress(local, port: ports.0))
        let callee = try await UDPEndpoint(at: TransportAddress(local, port: ports.1))
        let toCallee = try relay.offer(Offer(callID: "1@host", fromTag: "caller", sdp: body(caller)))
        let toCaller = try relay.answer(
            Answer(callID: "1@host", fromTag: "caller", toTag: "callee", sdp: body(callee)))
        return Talk(
            caller: caller, callee: callee,
            callersPort: TransportAddress(local, port: try audioPort(in: toCaller)),
            calleesPort: TransportAddress(local, port: try audioPort(in: toCallee)))
    }

    @Test("a port that another program has stays in the call's description, and is opened when it is free")
    func portInUse() async throws {
        let talk = try await call(through: first, on: (32_204, 32_206))
        defer { talk.close() }
        let snapshot = try #require(first.snapshot(of: "1@host"))
        second.apply(snapshot)
        let now = SystemClock.monotonic
        second.sweep(at: now)
        #expect(second.obstructedCalls.count == 1)
        #expect(second.obstructedCalls.reason?.contains("\(local):") == true)
        // Whoever owns the call writes its record: it must not lose what it could not open.
        #expect(second.takeOver(addresses: [local]) == 0, "no port of it is open here")
        #expect(second.snapshot(of: "1@host")?.ports == snapshot.ports)

        try await stopFirst(talk)
        second.sweep(at: now + 6_000_000_000)
        #expect(second.obstacle(callID: "1@host") == nil)
        #expect(second.obstructedCalls.count == 0)
        #expect(second.snapshot(of: "1@host")?.ports == snapshot.ports)
        try await self.talk(talk, through: second)
        second.stop()
    }

    @Test("ports that a re-offer has put in the place of missing ones are no obstacle")
    func replaced() async throws {
        let talk = try await call(through: first, on: (32_216, 32_218))
        defer {
            talk.close()
            first.stop()
            second.stop()
        }
        second.apply(try #require(first.snapshot(of: "1@host")))
        #expect(second.obstacle(callID: "1@host") != nil)
        _ = try second.offer(Offer(callID: "1@host", fromTag: "caller", toTag: "callee", sdp: body(talk.caller)))
        _ = try second.answer(Answer(callID: "1@host", fromTag: "caller", toTag: "callee", sdp: body(talk.callee)))
        second.sweep(at: SystemClock.monotonic)
        #expect(second.obstacle(callID: "1@host") == nil)
        #expect(second.obstructedCalls.count == 0)
    }

    @Test("an RTCP port that another program has is an obstacle, and is opened when it is free")
    func rtcpInUse() async throws {
        let talk = try await call(through: first, on: (32_220, 32_222))
        defer {
            talk.close()
            second.stop()
        }
        let snapshot = try #require(first.snapshot(of: "1@host"))
        try await stopFirst(talk)
        var muxed = snapshot
        for side in muxed.sides.indices { muxed.sides[side].media[0].port?.hasRTCP = false }
        second.apply(muxed)
        #expect(second.obstacle(callID: "1@host") == nil)

        let other = try UDPSocket.open(at: talk.callersPort.with(port: talk.callersPort.port + 1), tos: 0)
        var whole = snapshot
        whole.version.revision += 1
        #expect(second.apply(whole) == .updated)
        #expect(second.obstacle(callID: "1@host") != nil)
        #expect(second.snapshot(of: "1@host")?.ports == whole.ports, "its record must not lose what is missing here")
        var now = SystemClock.monotonic
        second.sweep(at: now)
        #expect(second.obstructedCalls.count == 1)
        other.close()
        _ = try await eventually("the port is free, and opened") {
            now += 6_000_000_000
            second.sweep(at: now)
            return second.obstacle(callID: "1@host") == nil ? true : nil
        }
        #expect(second.query(callID: "1@host")?.sides.map { $0.media[0].streams.count } == [2, 2])
    }

    @Test("a call of ours none of whose ports could be opened ends like one without media, where it is carried")
    func noPorts() async throws {
        let talk = try await call(through: first, on: (32_212, 32_214))
        defer {
            talk.close()
            first.stop()
            second.stop()
        }
        var snapshot = try #require(first.snapshot(of: "1@host"))
        snapshot.version.ownership = Ownership(node: "b", epoch: 7)
        second.apply(snapshot)
        let now = SystemClock.monotonic
        // Whoever has the address now knows whether the call lives.
        second.setUncarried([local], at: now)
        second.sweep(at: now + 61_000_000_000)
        #expect(second.callCount == 1)
        second.setUncarried([], at: now)
        second.sweep(at: now + 59_000_000_000)
        #expect(second.callCount == 1)
        second.sweep(at: now + 62_000_000_000)
        #expect(second.callCount == 0)
    }

    @Test("silence counts from when the address is routed here again")
    func carriedAgain() async throws {
        let (talk, _) = try await handOver()
        defer { talk.close() }
        defer { second.stop() }
        #expect(second.takeOver(addresses: [local]) == 1)
        let now = SystemClock.monotonic
        second.setUncarried([local], at: now)
        second.setUncarried([], at: now + 100_000_000_000)
        second.sweep(at: now + 159_000_000_000)
        #expect(second.callCount == 1, "its packets went elsewhere until then")
        second.sweep(at: now + 161_000_000_000)
        #expect(second.callCount == 0)
    }

    @Test("a command opens what could not be opened before, under the same number")
    func commandOpens() async throws {
        let talk = try await call(through: first, on: (32_208, 32_210))
        defer { talk.close() }
        let snapshot = try #require(first.snapshot(of: "1@host"))
        second.apply(snapshot)
        try await stopFirst(talk)
        let toCallee = try second.offer(
            Offer(callID: "1@host", fromTag: "caller", toTag: "callee", sdp: body(talk.caller)))
        #expect(try audioPort(in: toCallee) == talk.calleesPort.port)
        #expect(second.snapshot(of: "1@host")?.ports == snapshot.ports)
        second.stop()
    }

    /// Ends the first relay.
    private func stopFirst(_ talk: Talk) async throws {
        first.stop()
        for port in [talk.callersPort.port, talk.calleesPort.port].flatMap({ [$0, $0 + 1] }) {
            try await network.requireFree(port)
        }
    }

    private func rtp(_ sequence: UInt8) -> [UInt8] { [0x80, 8, 0, sequence, 0, 0, 0, sequence, 1, 2, 3, 4, 0xD5] }

    /// Sends until the other side has heard something, and both sources have been learned.
    private func talk(_ talk: Talk, through relay: Relay) async throws {
        let before = (talk.caller.receivedCount, talk.callee.receivedCount)
        try await talk.caller.send(rtp(1), to: talk.callersPort)
        try await talk.callee.send(rtp(2), to: talk.calleesPort)
        _ = try await eventually("both sides are heard") {
            relay.collect()
            return talk.caller.receivedCount > before.0 && talk.callee.receivedCount > before.1 ? true : nil
        }
    }

    private func handOver() async throws -> (Talk, CallSnapshot) {
        let talk = try await call(through: first, on: (32_200, 32_202))
        do {
            try await self.talk(talk, through: first)
            _ = try await eventually("both sources are learned") {
                first.collect()
                return first.query(callID: "1@host")?.sides.allSatisfy { $0.media[0].streams[0].isLocked } == true
                    ? true : nil
            }
            let snapshot = try #require(first.snapshot(of: "1@host"))
            try await stopFirst(talk)
            #expect(second.apply(snapshot) == .created)
            return (talk, snapshot)
        } catch {
            talk.close()
            first.stop()
            throw error
        }
    }

    @Test("the other relay forwards the next packet, refuses strangers, and then owns the call")
    func continues() async throws {
        let (talk, snapshot) = try await handOver()
        defer { talk.close() }
        defer { second.stop() }
        #expect(second.snapshot(of: "1@host") == snapshot, "nothing is lost on the way")
        #expect(second.foreignCallCount == 1)
        #expect(second.obstacle(callID: "1@host") == nil)

        // From another address: one that shares the telephone's would be let in once that has been silent for 1.5 s.
        let stranger = try await UDPEndpoint(at: TransportAddress(network.host(2), port: 32_204))
        defer { stranger.close() }
        try await stranger.send(rtp(9), to: talk.callersPort)
        _ = try await eventually("the stranger is refused") { second.drops(.unexpectedSource) == 1 ? true : nil }
        second.sweep(at: .max)
        #expect(second.foreignCallCount == 1, "neither a stranger nor time changes the owner")

        try await self.talk(talk, through: second)
        _ = try await eventually("it has seen that it carries the call") {
            second.sweep(at: 0)
            return second.foreignCallCount == 0 ? true : nil
        }
        #expect(second.adoptedCalls == 1)
        let taken = try #require(second.snapshot(of: "1@host"))
        #expect(taken.version.ownership == Ownership(node: "b", epoch: snapshot.version.ownership.epoch + 1))
        #expect(taken.version > snapshot.version)
    }

    @Test("a relay never times out what it does not own, and starts anew when it does")
    func timeouts() async throws {
        let (talk, snapshot) = try await handOver()
        defer { talk.close() }
        defer { second.stop() }
        second.sweep(at: .max / 2)
        #expect(second.callCount == 1)
        #expect(second.takeOver(addresses: [local]) == 1)
        second.setUncarried([local])
        second.sweep(at: .max / 2)
        #expect(second.callCount == 1, "an address that is not routed here is silent for good reason")
        second.setUncarried([])
        second.sweep(at: .max / 2)
        #expect(second.callCount == 0)
        #expect(second.apply(snapshot) == .created, "the relay itself keeps no memory of endings: the store does")
    }

    @Test("a command takes the call over; a re-offer keeps its ports")
    func command() async throws {
        let (talk, _) = try await handOver()
        defer { talk.close() }
        defer { second.stop() }
        let hold = try second.offer(
            Offer(
                callID: "1@host", fromTag: "caller", toTag: "callee", sdp: body(talk.caller, direction: "sendonly")))
        #expect(try audioPort(in: hold) == talk.calleesPort.port)
        #expect(second.foreignCallCount == 0)
        #expect(second.version(of: "1@host")?.ownership.node == "b")
        #expect(second.delete(callID: "1@host", delay: .zero) != nil)
        #expect(second.callCount == 0)
    }

    @Test("a newer state changes the call in place; an older one changes nothing")
    func update() async throws {
        let (talk, snapshot) = try await handOver()
        defer { talk.close() }
        defer { second.stop() }
        try await self.talk(talk, through: second)
        var newer = snapshot
        newer.version.revision += 1
        newer.sides[1].media[0].terms.sends = false
        #expect(second.apply(newer) == .updated)
        #expect(second.apply(snapshot) == .outdated)
        #expect(second.snapshot(of: "1@host") == newer)
        let report = try #require(second.query(callID: "1@host"))
        #expect(report.totals.rtp.packets == 2, "counters go on")

        var moved = newer
        moved.version.revision += 1
        moved.sides[0].media[0].port = nil
        #expect(second.apply(moved) == .updated)
        #expect(second.query(callID: "1@host")?.sides[0].media[0].streams.isEmpty == true)
    }

    @Test("an ending counts for the call it is about, and not for what has happened since")
    func endings() async throws {
        let (talk, snapshot) = try await handOver()
        defer { talk.close() }
        defer { second.stop() }
        var version = snapshot.version
        version.revision -= 1
        #expect(!second.apply(CallEnding(callID: "1@host", version: version, isFinal: false)))
        var later = snapshot
        later.version.instance = CallInstance(created: snapshot.version.instance.created + 1, node: "a")
        #expect(second.apply(later) == .updated || second.version(of: "1@host") == later.version)
        #expect(!second.apply(CallEnding(callID: "1@host", version: snapshot.version, isFinal: true)))
        #expect(second.apply(CallEnding(callID: "1@host", version: later.version, isFinal: true)))
        #expect(second.callCount == 0)
        #expect(second.foreignCallCount == 0)
    }

    @Test("an end that was planned happens, although the owner has not lived to see it")
    func plannedEnd() async throws {
        let talk = try await call(through: first, on: (32_206, 32_208))
        defer { talk.close() }
        first.delete(callID: "1@host", delay: .seconds(30))
        let snapshot = try #require(first.snapshot(of: "1@host"))
        first.stop()
        #expect(second.apply(snapshot) == .created)
        defer { second.stop() }
        second.sweep(at: 0)
        #expect(second.callCount == 1)
        second.sweep(at: .max)
        #expect(second.callCount == 0)
    }

    @Test("a call from the future is as old as it has been here")
    func future() async throws {
        let talk = try await call(through: first, on: (32_214, 32_216))
        defer {
            talk.close()
            second.stop()
        }
        var snapshot = try #require(first.snapshot(of: "1@host"))
        first.stop()
        snapshot.version.instance = CallInstance(created: SystemClock.wall / 1000 + 3_600_000_000, node: "a")
        snapshot.version.ownership = Ownership(node: "b", epoch: 1)
        #expect(second.apply(snapshot) == .created)
        #expect(second.terminate(callID: "1@host"))
        #expect(second.callTotals.ended == 1)
        #expect(second.callTotals.seconds < 600, "in seconds, and not in centuries")
    }

    @Test("a call whose port is taken is held all the same, with the reason")
    func conflict() async throws {
        let talk = try await call(through: first, on: (32_210, 32_212))
        defer { talk.close() }
        defer { first.stop() }
        let snapshot = try #require(first.snapshot(of: "1@host"))
        #expect(second.apply(snapshot) == .created)
        defer { second.stop() }
        let obstacle = try #require(second.obstacle(callID: "1@host"))
        #expect(obstacle.contains("in use"))
        #expect(second.callIDs(limit: 2) == ["1@host"])
    }
}
