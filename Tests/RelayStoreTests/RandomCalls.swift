import RelayCore
import RelayStore
import RelayTestSupport
import SDP
import WireFormat

/// What records are made of.
extension SplitMix {
    mutating func perhaps<Value>(_ make: (inout SplitMix) -> Value) -> Value? {
        Bool.random(using: &self) ? make(&self) : nil
    }

    mutating func flag() -> Bool { Bool.random(using: &self) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func octets() -> ByteString {
        ByteString((0..<number(0...20)).map { _ in UInt8.random(in: 0...255, using: &self) })
    }

    mutating func name() -> String {
        String((0..<number(1...10)).map { _ in "abcXYZ019.-_".randomElement(using: &self) ?? "a" })
    }

    /// As high as an epoch or revision can be.
    mutating func count() -> UInt64 { UInt64.random(in: 0...RecordHeader.maximumCount, using: &self) }

    /// The lowest and the highest numbers, and those that are neither.
    mutating func extreme() -> UInt64 {
        [0, 1, .max, .max - 1, UInt64(Int64.max), UInt64(Int64.max) + 1].randomElement(using: &self) ?? time()
    }

    mutating func time() -> UInt64 { UInt64.random(in: 0...UInt64.max, using: &self) }

    mutating func address() -> IPAddress {
        flag()
            ? IPAddress(ipv4: UInt32.random(in: 0...UInt32.max, using: &self))
            : IPAddress(ipv6High: next(), low: next())
    }

    mutating func transportAddress() -> TransportAddress {
        TransportAddress(address(), port: UInt16.random(in: 0...UInt16.max, using: &self))
    }
}

extension CallSnapshot {
    /// Any call at all: every field takes every kind of value that it can have.
    static func random(_ generator: inout SplitMix, callID: ByteString? = nil) -> CallSnapshot {
        let version = CallVersion(
            instance: CallInstance(created: generator.time(), node: generator.name()),
            ownership: Ownership(node: generator.name(), epoch: generator.count()), revision: generator.count())
        var snapshot = CallSnapshot(
            callID: callID ?? generator.octets(), version: version, tos: UInt8(generator.number(0...255)),
            lastSignal: generator.time(), nextParticipant: 10)
        snapshot.restriction = MediaRestriction(rawValue: UInt8(generator.number(0...7)))
        snapshot.dropsTraffic = generator.flag()
        snapshot.metadata = generator.perhaps { $0.octets() }
        snapshot.deleteAt = generator.perhaps { $0.time() }
        for id in 0..<generator.number(1...3) { snapshot.sides.append(.random(id, &generator)) }
        return snapshot
    }
}

extension CallSnapshot.Side {
    static func random(_ id: Int, _ generator: inout SplitMix) -> CallSnapshot.Side {
        var participant = Participant(id: id, created: generator.time())
        participant.tag = generator.perhaps { $0.octets() }
        participant.viaBranch = generator.perhaps { $0.octets() }
        participant.label = generator.perhaps { $0.octets() }
        participant.metadata = generator.perhaps { $0.octets() }
        participant.spoke = generator.perhaps { $0.next() }
        participant.associates = (0..<generator.number(0...3)).map { _ in generator.number(0...9) }
        participant.peer = generator.perhaps { $0.number(0...9) }
        participant.interface = generator.perhaps { $0.name() }
        participant.restriction = MediaRestriction(rawValue: UInt8(generator.number(0...7)))
        participant.sent = generator.perhaps { generator in
            Participant.SentSDP(
                username: generator.octets(), sessionID: generator.octets(),
                sessionName: generator.perhaps { $0.octets() }, originAddress: generator.perhaps { $0.address() },
                version: generator.time(), fingerprint: generator.time())
        }
        var side = CallSnapshot.Side(participant: participant)
        side.removeAt = generator.perhaps { $0.time() }
        side.media = (0..<generator.number(0...3)).map { _ in .random(&generator) }
        return side
    }
}

extension CallSnapshot.Media {
    static func random(_ generator: inout SplitMix) -> CallSnapshot.Media {
        let transports: [TransportProtocol] = [.rtpAVP, .rtpSAVPF, .udptl, .other("TCP/MSRP")]
        var terms = MediaTerms(
            kind: generator.octets(), transport: transports.randomElement(using: &generator) ?? .rtpAVP)
        (terms.isUntouched, terms.isRejected, terms.isPublic) = (generator.flag(), generator.flag(), generator.flag())
        (terms.sends, terms.receives, terms.offersMux) = (generator.flag(), generator.flag(), generator.flag())
        (terms.isMuxed, terms.weOfferedMux) = (generator.flag(), generator.flag())
        (terms.isHidden, terms.piercesNAT) = (generator.flag(), generator.flag())
        (terms.waitsForNAT, terms.isUnidirectional) = (generator.flag(), generator.flag())
        terms.telephoneEvents = UInt128(generator.time()) << 64 | UInt128(generator.time())
        terms.signalled = generator.perhaps { $0.transportAddress() }
        terms.signalledRTCP = generator.perhaps { $0.transportAddress() }
        terms.observed = .random(&generator)
        terms.observedRTCP = .random(&generator)
        terms.policy.learning = EndpointLearning.allCases.randomElement(using: &generator) ?? .off
        (terms.policy.isAsymmetric, terms.policy.allowsHandover) = (generator.flag(), generator.flag())
        terms.policy.isStrict = generator.flag()
        terms.muxPromise = MediaOptions.RTCPMux(rawValue: UInt8(generator.number(0...31)))
        terms.ssrc = generator.perhaps { UInt32.random(in: 0...UInt32.max, using: &$0) }
        terms.mid = generator.perhaps { $0.octets() }
        terms.ptime = generator.perhaps { $0.number(0...1000) }
        terms.maxptime = generator.perhaps { $0.number(0...1000) }
        terms.payloadTypes = (0..<generator.number(0...5)).map { _ in UInt8(generator.number(0...127)) }
        terms.codec = generator.perhaps { $0.octets() }
        terms.payloadType = generator.perhaps { UInt8($0.number(0...127)) } ?? terms.payloadTypes.first
        var media = CallSnapshot.Media(terms: terms)
        media.port = generator.perhaps { .random(&$0) }
        media.superseded = (0..<generator.number(0...2)).map { _ in .random(&generator) }
        media.closeSupersededAt = generator.perhaps { $0.time() }
        return media
    }
}

extension CallSnapshot.Port {
    static func random(_ generator: inout SplitMix) -> CallSnapshot.Port {
        CallSnapshot.Port(
            interface: generator.name() + ":1", local: generator.address(),
            port: UInt16.random(in: 0...UInt16.max, using: &generator), hasRTCP: generator.flag())
    }
}

extension ObservedEndpoint {
    static func random(_ generator: inout SplitMix) -> ObservedEndpoint {
        ObservedEndpoint(
            source: generator.perhaps { $0.transportAddress() }, target: generator.perhaps { $0.transportAddress() },
            isLocked: generator.flag())
    }
}
