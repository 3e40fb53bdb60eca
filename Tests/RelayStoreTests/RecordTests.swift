import RelayCore
import RelayStore
import RelayTestSupport
import SDP
import Testing
import WireFormat

@Suite("Records of calls")
struct RecordTests {
    @Test("a record comes back as it was, whatever the call is like")
    func roundTrip() throws {
        for seed: UInt64 in 0..<200 {
            var generator = SplitMix(seed: seed)
            let snapshot = CallSnapshot.random(&generator)
            let record = SessionRecord.live(snapshot)
            let bytes = record.encoded
            #expect(try SessionRecord(bytes, of: snapshot.callID) == record, "seed \(seed)")
            #expect(RecordHeader(bytes.span) == record.header, "seed \(seed)")
        }
    }

    @Test("an ending comes back as it was", arguments: [false, true])
    func ending(isFinal: Bool) throws {
        let version = CallVersion(
            instance: CallInstance(created: 7, node: "a"), ownership: Ownership(node: "b", epoch: 3), revision: 0)
        let record = SessionRecord.ended(CallEnding(callID: "x y\u{0}", version: version, isFinal: isFinal))
        #expect(try SessionRecord(record.encoded, of: "x y\u{0}") == record)
    }

    /// A field that is added to a call and forgotten in the record would be lost in a fail-over.
    @Test("every field of a call is in its record")
    func completeness() {
        var generator = SplitMix(seed: 1)
        let snapshot = CallSnapshot.random(&generator)
        func fields(_ value: Any) -> Int { Mirror(reflecting: value).children.count }
        #expect(fields(snapshot) == 10)
        #expect(fields(snapshot.sides[0]) == 3)
        #expect(fields(snapshot.sides[0].participant) == 14)
        #expect(fields(CallSnapshot.Media.random(&generator)) == 4)
        #expect(fields(MediaTerms(kind: "audio", transport: .rtpAVP)) == 28)
        #expect(fields(CallSnapshot.Port(interface: "", local: .unspecified(.ipv4), port: 0, hasRTCP: true)) == 4)
        #expect(fields(ObservedEndpoint()) == 3)
        #expect(fields(SourceLatch.Policy()) == 4)
    }

    @Test("no part of a record is taken for one")
    func prefixes() throws {
        var generator = SplitMix(seed: 2)
        let snapshot = CallSnapshot.random(&generator)
        let bytes = SessionRecord.live(snapshot).encoded
        for length in 0..<bytes.count {
            #expect(throws: SessionRecord.Fault.self) {
                try SessionRecord(Array(bytes[..<length]), of: snapshot.callID)
            }
        }
    }

    @Test("a damaged record is refused or read, and never harms")
    func damaged() {
        for seed: UInt64 in 1000..<1200 {
            var generator = SplitMix(seed: seed)
            let snapshot = CallSnapshot.random(&generator)
            var bytes = SessionRecord.live(snapshot).encoded
            for _ in 0..<3 {
                let index = Int.random(in: bytes.indices, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? SessionRecord(bytes, of: snapshot.callID)
        }
    }

    @Test("unknown fields and words are passed over; of a call, another's record is refused")
    func tolerance() throws {
        let body = "d4:call1:x6:futurel1:ae4:nexti2e6:signali5e5:sidesld7:createdi1e2:idi1eeee"
        let bytes = Array("relay/1 10 a 0 a 0 L\n\(body)".utf8)
        #expect(throws: SessionRecord.Fault.callID) { try SessionRecord(bytes, of: "y") }
        guard case .live(let snapshot) = try SessionRecord(bytes, of: "x") else { throw Failure() }
        #expect(snapshot.sides.count == 1)
        #expect(snapshot.tos == 0)
    }

    @Test(
        "what is not a record, or of another version, is refused",
        arguments: [
            "", "relay/2 1 a 0 a 0 L\n", "relay/1 1 a 0 a 0 X\n", "relay/1 01 a 0 a 0 L\n", "relay/1 1  0 a 0 L\n",
            "relay/1 1 a 0 a 0 L", "relay/1 18446744073709551616 a 0 a 0 L\n", "relay/1 1 a\u{7} 0 a 0 L\n",
            "d4:calle", "{\"a\":1}",
        ])
    func refused(text: String) {
        #expect(RecordHeader(Array(text.utf8).span) == nil)
    }

    @Test("sides that do not fit together are refused")
    func unsound() {
        for sides in ["le", "ld7:createdi1e2:idi2eee", "ld7:createdi1e2:idi0eed7:createdi1e2:idi0eee"] {
            let bytes = Array("relay/1 10 a 0 a 0 L\nd4:call1:x4:nexti2e6:signali5e5:sides\(sides)e".utf8)
            #expect(throws: SessionRecord.Fault.self) { try SessionRecord(bytes, of: "x") }
        }
    }

    struct Failure: Error {}
}

@Suite("Which of two records counts")
struct RecordOrderTests {
    private func header(
        created: UInt64 = 5, creator: String = "a", epoch: UInt64 = 1, owner: String = "a", revision: UInt64 = 1,
        _ state: RecordHeader.State = .live
    ) -> RecordHeader {
        RecordHeader(
            version: CallVersion(
                instance: CallInstance(created: created, node: creator),
                ownership: Ownership(node: owner, epoch: epoch), revision: revision), state: state)
    }

    @Test("a later call, then an end by command, then a later owner, then a later change")
    func order() {
        let rising = [
            header(epoch: 1, revision: 9), header(epoch: 1, revision: 10), header(epoch: 1, revision: 10, .givenUp),
            header(epoch: 1, owner: "b", revision: 0), header(epoch: 2, revision: 0),
            header(epoch: 0, revision: 0, .ended), header(created: 6, epoch: 0, revision: 0),
        ]
        for (left, lesser) in rising.enumerated() {
            for (right, greater) in rising.enumerated() { #expect((lesser < greater) == (left < right)) }
        }
    }

    @Test("a name is the same in options, keys and records: no colon, which divides keys")
    func names() {
        for name in ["a", "r1.east-2_b", String(repeating: "x", count: 48)] { #expect(RecordHeader.isName(name)) }
        for name in ["", "a:b", "a b", "é", String(repeating: "x", count: 49)] {
            #expect(!RecordHeader.isName(name), "\(name)")
        }
    }

    @Test("it agrees with what a relay does about an ending")
    func endings() {
        var generator = SplitMix(seed: 3)
        for _ in 0..<2000 {
            func random(_ state: RecordHeader.State) -> RecordHeader {
                header(
                    created: .random(in: 1...2, using: &generator), epoch: .random(in: 1...2, using: &generator),
                    owner: Bool.random(using: &generator) ? "a" : "b", revision: .random(in: 1...2, using: &generator),
                    state)
            }
            let live = random(.live)
            let over = random(Bool.random(using: &generator) ? .givenUp : .ended)
            let ending = CallEnding(callID: "x", version: over.version, isFinal: over.state == .ended)
            #expect(ending.ends(live.version) == (live < over))
            #expect((live < over) != (over < live))
        }
    }
}

@Suite("Where a Redis is")
struct RedisLocationTests {
    @Test("rtpengine's form, and URLs")
    func forms() throws {
        let plain = try #require(RedisLocation("10.0.0.1:6379/3"))
        #expect(plain.endpoints == [.init(host: "10.0.0.1", port: 6379)])
        #expect((plain.database, plain.password) == (3, nil))
        let secret = try #require(RedisLocation("a@b:c@[::1]:1"))
        #expect((secret.password, secret.endpoints[0].host, secret.database) == ("a@b:c", "::1", 0))
        let url = try #require(RedisLocation("redis://me:word@redis.example/2"))
        #expect((url.user, url.password, url.database) == ("me", "word", 2))
        #expect(url.endpoints == [.init(host: "redis.example", port: 6379)])
        let group = try #require(RedisLocation("sentinel://:word@a:1,b,[2001:db8::1]:7/main/4"))
        #expect(group.endpoints.map(\.description) == ["a:1", "b:26379", "[2001:db8::1]:7"])
        #expect((group.masterName, group.password, group.user, group.database) == ("main", "word", nil, 4))
        #expect("\(group)" == "sentinel://a:1,b:26379,[2001:db8::1]:7/main/4")
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "host", "host:", "host:0", "host:65536", "host:+1", ":1", "a:1/x", "a:1/70000", "a:1/1/1", "::1:6379",
            "[::1", "[::1]x:1", "http://a:1", "redis://a,b", "redis://word@a", "sentinel://a:1", "sentinel:///m",
            "a b:1",
        ])
    func refused(text: String) { #expect(RedisLocation(text) == nil) }
}
