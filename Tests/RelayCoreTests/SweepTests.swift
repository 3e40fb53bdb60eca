import RelayTestSupport
import Synchronization
import Testing
import WireFormat

@testable import RelayCore

/// What a relay makes of what its plane has counted.
@Suite(.serialized) struct SweepTests {
    private let relay: Relay
    private let plane: NotingPlane

    init() throws {
        let network = try LoopbackNetwork(portCount: 100)
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: network.host(1))])
        configuration.ports = network.ports
        configuration.mediaThreads = 1
        configuration.node = "a"
        let made = Mutex<NotingPlane?>(nil)
        relay = try Relay(configuration, runsHousekeeping: false) { user in
            let noting = NotingPlane(user)
            made.withLock { $0 = noting }
            return noting
        }
        plane = try #require(made.withLock { $0 })
    }

    private func body(_ media: String...) -> [UInt8] {
        let lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"] + media
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    private func call(_ id: ByteString, isMuxed: Bool = false) throws {
        let body = isMuxed ? body("m=audio 9 RTP/AVP 8", "a=rtcp-mux") : body("m=audio 9 RTP/AVP 8")
        _ = try relay.offer(Offer(callID: id, fromTag: "a", sdp: body))
        _ = try relay.answer(Answer(callID: id, fromTag: "a", toTag: "b", sdp: body))
    }

    private func offer(_ id: ByteString, _ media: String...) throws {
        let sdp = media.reduce(into: body()) { $0 += Array("\($1)\r\n".utf8) }
        _ = try relay.offer(Offer(callID: id, fromTag: "a", toTag: "b", sdp: sdp))
    }

    /// The newest RTP port that faces each side.
    private func ports(_ id: ByteString) throws -> [UInt16] {
        try #require(relay.snapshot(of: id)).sides.map { try #require($0.media[0].port).port }
    }

    /// Applies what the relay itself says of the call, as if it were a little newer.
    private func restore(_ id: ByteString) throws {
        var snapshot = try #require(relay.snapshot(of: id))
        snapshot.version.revision += 1
        #expect(relay.apply(snapshot) == .updated)
    }

    /// Counters of a source with so many samples.
    private func counters(samples: Int) -> StreamCounters {
        var counters = StreamCounters()
        (counters.packets, counters.ssrc, counters.quality) = (1000, 7, SourceQuality())
        for number in 0..<samples {
            let sample = QualitySample(roundTripTime: 0, legRoundTripTime: 0, jitter: 0, packetLoss: 1)
            counters.quality?.summary.add(sample, at: UInt64(number) * 5_000_000_000)
        }
        return counters
    }

    @Test("what a hostile sender makes both planes count is no reason to stop", arguments: [Int32.max, 1, .min])
    func hostileLoss(_ lost: Int32) throws {
        defer { relay.stop() }
        try call("1@host")
        var counters = counters(samples: 0)
        counters.quality?.lost = lost
        for other: Int32 in [.max, 1, .min] {
            counters.reception = RTPReception(
                ssrc: 7, received: 1, lost: other, highestSequence: .max, jitter: .max, lastTimestamp: .max)
            plane.pretend(counters)
            let report = try #require(relay.query(callID: "1@host"))
            #expect(report.sides.allSatisfy { $0.media[0].streams[0].counters.quality != nil })
        }
        #expect(relay.terminate(callID: "1@host"))
    }

    @Test("one sweep reads every port once, those of other relays' calls, too")
    func reads() throws {
        defer { relay.stop() }
        try call("1@host")
        try call("2@host")
        var snapshot = try #require(relay.snapshot(of: "2@host"))
        snapshot.version.ownership = Ownership(node: "b", epoch: 1)
        #expect(relay.apply(snapshot) == .updated)
        #expect(relay.isForeign(callID: "2@host") == true)
        _ = plane.takeReads()
        relay.sweep(at: SystemClock.monotonic)
        let reads = plane.takeReads()
        #expect(reads.count == 8)
        #expect(Set(reads.values) == [1])
    }

    @Test("a call lives as long as packets come, at whichever of its ports, and no longer")
    func silence() throws {
        defer { relay.stop() }
        try call("1@host")
        let start = SystemClock.monotonic
        var counters = counters(samples: 0)
        counters.lastPacket = start + 100_000_000_000
        plane.pretend(counters)
        relay.sweep(at: start + 159_000_000_000)
        #expect(relay.callCount == 1)
        relay.sweep(at: start + 161_000_000_000)
        #expect(relay.endedCalls(.timeout) == 1)
    }

    @Test("silence counts from when the process runs again, if it has not run for a while")
    func resumed() throws {
        defer { relay.stop() }
        try call("1@host")
        let start = SystemClock.monotonic
        relay.hasResumed(at: start + 100_000_000_000)
        relay.sweep(at: start + 101_000_000_000)
        #expect(relay.callCount == 1, "what has come meanwhile may not have been read yet")
        relay.sweep(at: start + 161_000_000_000)
        #expect(relay.endedCalls(.timeout) == 1)
    }

    @Test("what a call has received counts once at its interface, also in the look that ends it")
    func traffic() throws {
        defer { relay.stop() }
        try call("1@host")
        var counters = StreamCounters()
        (counters.packets, counters.packetsOut) = (4, 3)
        plane.pretend(counters, at: try ports("1@host")[0])
        relay.delete(callID: "1@host", delay: .seconds(30))
        let now = SystemClock.monotonic
        for seconds: UInt64 in [31, 32] {
            relay.sweep(at: now + seconds * 1_000_000_000)
            #expect(relay.callCount == 0)
            let traffic = relay.interfaceTotals[0].traffic
            #expect(traffic.ingress.packets == 4 && traffic.egress.packets == 3)
        }
    }

    @Test("a call whose re-offer nobody answers lives by what comes to the ports in use", arguments: ["fax", "move"])
    func unanswered(_ what: String) throws {
        defer { relay.stop() }
        try call("1@host")
        let talking = try ports("1@host")
        try offer("1@host", what == "fax" ? "m=image 9 udptl t38" : "m=audio 11 RTP/AVP 8")
        let newest = try ports("1@host")
        #expect(newest[1] != talking[1])
        let start = SystemClock.monotonic
        var counters = StreamCounters()
        counters.lastPacket = start + 60_000_000_000
        // After a move, only one side's port is another one.
        plane.pretend(counters, at: talking[1])
        relay.sweep(at: start + 61_000_000_000)
        #expect(relay.callCount == 1)
        relay.sweep(at: start + 121_000_000_000)
        #expect(relay.endedCalls(.timeout) == 1)
    }

    @Test("what an m-line has counted outlives its ports", arguments: ["move", "fax", "mux", "refusal"])
    func replaced(_ what: String) throws {
        defer { relay.stop() }
        try call("1@host")
        var (rtp, rtcp) = (StreamCounters(), StreamCounters())
        (rtp.packets, rtp.bytes, rtp.ssrc, rtp.isKernelized) = (1000, 172_000, 7, true)
        (rtcp.packets, rtcp.errors) = (10, 1)
        rtp.quality = SourceQuality()
        rtp.quality?.lost = 5
        let old = try ports("1@host")
        for port in old {
            plane.pretend(rtp, at: port)
            plane.pretend(rtcp, at: port + 1)
        }
        let media =
            switch what {
            case "move": ["m=audio 11 RTP/AVP 8"]
            case "fax": ["m=image 9 udptl t38"]
            case "mux": ["m=audio 9 RTP/AVP 8", "a=rtcp-mux"]
            default: ["m=audio 9 RTP/AVP 8"]
            }
        try offer("1@host", media.joined(separator: "\r\n"))
        let answer = what == "refusal" ? body("m=audio 0 RTP/AVP 8") : body(media.joined(separator: "\r\n"))
        func expectAll(_ location: SourceLocation = #_sourceLocation) throws -> CallReport {
            let report = try #require(relay.query(callID: "1@host"))
            #expect(report.totals.rtp.packets == 2000, sourceLocation: location)
            #expect(report.totals.rtcp.packets == 20, sourceLocation: location)
            #expect(report.totals.rtcp.errors == 2, sourceLocation: location)
            return report
        }
        _ = try expectAll()
        _ = try relay.answer(Answer(callID: "1@host", fromTag: "a", toTag: "b", sdp: answer))
        _ = try expectAll()
        relay.sweep(at: SystemClock.monotonic + 6_000_000_000)
        let open = try #require(relay.snapshot(of: "1@host")).ports
        #expect(open.count == (what == "refusal" ? 0 : 2) && open.allSatisfy { !$0.hasRTCP || what == "move" })
        let stream = try expectAll().sides[1].media[0].streams.first
        #expect(stream?.counters.bytes == (what == "refusal" ? nil : 172_000))
        #expect(stream?.counters.ssrc == (what == "refusal" ? nil : 7))
        #expect(stream?.counters.quality?.lost == (what == "refusal" ? nil : 5))
        if what == "fax" || what == "move" { #expect(stream?.counters.isKernelized == false, "that port is closed") }

        try restore("1@host")
        _ = try expectAll()
        #expect(relay.terminate(callID: "1@host"))
        #expect(relay.callTotals.oneWay == 0 && relay.callTotals.withoutPackets == 0)
        #expect(relay.qualityTotals.lost == 10)
    }

    @Test("jitter is measured by the clock of the codec that was agreed on, not of the first one that was offered")
    func clockRate() throws {
        defer { relay.stop() }
        let offer = body("m=audio 9 RTP/AVP 107 8", "a=rtpmap:107 opus/48000/2")
        _ = try relay.offer(Offer(callID: "1@host", fromTag: "a", sdp: offer))
        let answer = body("m=audio 9 RTP/AVP 96 8", "a=rtpmap:96 L16/44100")
        _ = try relay.answer(Answer(callID: "1@host", fromTag: "a", toTag: "b", sdp: answer))
        func expectAgreed(_ location: SourceLocation = #_sourceLocation) throws {
            let media = try #require(relay.query(callID: "1@host")).sides[0].media[0]
            #expect(media.codec == "PCMA/8000", sourceLocation: location)
            #expect(media.payloadType == 8, sourceLocation: location)
            #expect(plane.entry(of: try ports("1@host")[0])?.clockRate == 8000, sourceLocation: location)
        }
        try expectAgreed()
        // It may be refused.
        _ = try relay.offer(Offer(callID: "1@host", fromTag: "a", toTag: "b", sdp: offer))
        try expectAgreed()
        try restore("1@host")
        try expectAgreed()
    }

    @Test("a newer state of a call does not make its samples count twice, nor forget how it was heard")
    func history() throws {
        defer { relay.stop() }
        try call("1@host")
        plane.pretend(counters(samples: 3))
        relay.sweep(at: SystemClock.monotonic)
        #expect(relay.qualityTotals.mos.count == 6)  // of two sides
        plane.pretend(counters(samples: 4))
        try restore("1@host")
        relay.sweep(at: SystemClock.monotonic)
        #expect(relay.qualityTotals.mos.count == 8)
        let report = try #require(relay.query(callID: "1@host"))
        #expect(report.sides.map { $0.media[0].streams[0].sources.map(\.progression.count) } == [[2], [2]])
    }

    @Test("an RTCP port that is no longer needed is closed, also after a newer state of the call")
    func spareRTCP() throws {
        defer { relay.stop() }
        try call("1@host", isMuxed: true)
        try call("2@host", isMuxed: true)
        try restore("2@host")
        func streams(_ id: ByteString) throws -> [Int] {
            try #require(relay.query(callID: id)).sides.map { $0.media[0].streams.count }
        }
        #expect(try streams("1@host") == [2, 2] && streams("2@host") == [2, 2])
        relay.sweep(at: SystemClock.monotonic + 6_000_000_000)
        #expect(try streams("1@host") == [1, 1])
        #expect(try streams("2@host") == [1, 1])
    }
}
