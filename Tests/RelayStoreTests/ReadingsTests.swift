import NGProtocol
import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// What relays tell each other about the packets that have arrived.
@Suite("Readings of streams", .serialized, .timeLimit(.minutes(10)))
struct ReadingsTests {
    /// An RTP packet of ten milliseconds of nothing.
    private static func rtp(_ sequence: UInt16, ssrc: UInt32 = 0x0102_0304) -> [UInt8] {
        func octets(_ word: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
        return [0x80, 8] + octets(UInt32(sequence)).suffix(2) + octets(UInt32(sequence) * 80) + octets(ssrc)
            + [UInt8](repeating: 0xD5, count: 80)
    }

    /// A receiver report (RFC 3550 §6.4.2) without blocks.
    private static let rtcp: [UInt8] = [0x80, 201, 0, 1, 1, 2, 3, 4]

    private static func port(in sdp: [UInt8]) throws -> UInt16 {
        let words = String(decoding: sdp, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        let place = try #require(words.firstIndex(of: "m=audio"))
        return try #require(UInt16(words[place + 1]))
    }

    /// A call on the first relay, packets on it, and what the second one is told about that.
    private static func ask(_ store: any SessionStore) async throws {
        let group = try TestGroup(store, names: ["a", "b"])
        defer { group.stop() }
        try await group.settle()
        let address = try #require(group["a"].relay.portUsage.first).interface.local
        let phones = try LoopbackNetwork(portCount: 2)
        let phone = try await UDPEndpoint(at: TransportAddress(phones.host(1), port: phones.ports.lowerBound))
        defer { phone.close() }
        let relay = group["a"].relay
        func sdp(_ port: UInt16) -> [UInt8] {
            Array(
                """
                v=0\r\no=- 1 1 IN IP4 \(phone.local.address)\r\ns=-\r\nc=IN IP4 \(phone.local.address)\r\nt=0 0\r
                m=audio \(port) RTP/AVP 8\r\na=rtcp-mux\r\n
                """.utf8)
        }
        _ = try relay.offer(Offer(callID: "x", fromTag: "1", sdp: sdp(phone.local.port)))
        let answer = try relay.answer(Answer(callID: "x", fromTag: "1", toTag: "2", sdp: sdp(9)))
        let target = TransportAddress(address, port: try port(in: answer))
        for number: UInt16 in [65_534, 65_535, 0, 2, 2, 3] { try await phone.send(rtp(number), to: target) }
        try await phone.send(rtcp, to: target)

        let expected = StreamReading(port: target.port, ssrc: 0x0102_0304, sequenceNumber: 3, packets: 5)
        _ = try await eventually("the relay has got all of it") {
            relay.query(callID: "x")?.totals.rtp.packets == 7 ? true : nil
        }
        group["b"].replicator.ask(ReadingsQuestion(about: address))
        let told = try await eventually("the other one has told") {
            group["b"].replicator.answers["a"]
        }
        #expect(told == [expected])
        group["b"].replicator.ask(ReadingsQuestion(about: IPAddress(ipv4: 0xC000_0201)))
        #expect(group["b"].replicator.answers.isEmpty)
        let others = try await eventually("the other one has told") {
            group["b"].replicator.answers["a"]
        }
        #expect(others == [])
    }

    @Test("relays in one process ask each other")
    func inMemory() async throws { try await Self.ask(InMemorySessionStore()) }

    @Test(
        "relays ask each other through Redis",
        .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
    func redis() async throws {
        try await withTestRun("readings") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            try await Self.ask(RedisSessionStore(RedisSettings(try #require(RedisLocation("\(redis.address)")))))
        }
    }
}
