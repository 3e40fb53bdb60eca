internal import NGProtocol
internal import RelayCore
internal import SDP
internal import WireFormat

/// Reads the fields of a record's body. What is not there has its usual value; what is there has to be right.
struct BodyReader {
    private let fields: NGDictionary

    init(_ fields: NGDictionary) { self.fields = fields }

    // MARK: Fields

    func octets(_ name: String) throws(SessionRecord.Fault) -> ByteString? {
        guard let value = fields[name] else { return nil }
        guard let octets = value.string else { throw .field(name) }
        return octets
    }

    func text(_ name: String) throws(SessionRecord.Fault) -> String? {
        guard let octets = try octets(name) else { return nil }
        guard let text = String(validating: octets.bytes, as: UTF8.self) else { throw .field(name) }
        return text
    }

    func integer<Number: FixedWidthInteger>(_ name: String, _: Number.Type = Number.self) throws(SessionRecord.Fault)
        -> Number?
    {
        guard let value = fields[name] else { return nil }
        guard case .integer(let number) = value else { throw .field(name) }
        if Number.self == UInt64.self { return Number(truncatingIfNeeded: number) }
        guard let exact = Number(exactly: number) else { throw .field(name) }
        return exact
    }

    /// A field that has to be there.
    func need<Value>(_ name: String, _ value: Value?) throws(SessionRecord.Fault) -> Value {
        guard let value else { throw .field(name) }
        return value
    }

    /// The words of a field; those that we do not know mean nothing to us.
    func words(_ name: String) throws(SessionRecord.Fault) -> Set<Substring> {
        Set(try text(name)?.split(separator: " ") ?? [])
    }

    func dictionary(_ name: String) throws(SessionRecord.Fault) -> BodyReader? {
        guard let value = fields[name] else { return nil }
        guard let dictionary = value.dictionary else { throw .field(name) }
        return BodyReader(dictionary)
    }

    func dictionaries(_ name: String) throws(SessionRecord.Fault) -> [BodyReader] {
        guard let value = fields[name] else { return [] }
        guard let items = value.list else { throw .field(name) }
        var readers: [BodyReader] = []
        for item in items {
            guard let dictionary = item.dictionary else { throw .field(name) }
            readers.append(BodyReader(dictionary))
        }
        return readers
    }

    func integers(_ name: String) throws(SessionRecord.Fault) -> [Int] {
        guard let value = fields[name] else { return [] }
        guard let items = value.list else { throw .field(name) }
        var numbers: [Int] = []
        for item in items {
            guard case .integer(let number) = item else { throw .field(name) }
            numbers.append(Int(number))
        }
        return numbers
    }

    func address(_ name: String) throws(SessionRecord.Fault) -> IPAddress? {
        guard let text = try octets(name) else { return nil }
        guard let address = IPAddress(text.bytes.span) else { throw .field(name) }
        return address
    }

    func transportAddress(_ name: String) throws(SessionRecord.Fault) -> TransportAddress? {
        guard let text = try text(name) else { return nil }
        guard let address = TransportAddress(text) else { throw .field(name) }
        return address
    }
}

extension BodyReader {
    // MARK: Calls

    func snapshot(_ callID: ByteString, _ version: CallVersion) throws(SessionRecord.Fault) -> CallSnapshot {
        var snapshot = CallSnapshot(
            callID: callID, version: version, tos: try integer("tos") ?? 0,
            lastSignal: try need("signal", integer("signal")), nextParticipant: try need("next", integer("next")))
        snapshot.metadata = try octets("metadata")
        snapshot.restriction = try restriction("off")
        snapshot.dropsTraffic = try words("off").contains("traffic")
        snapshot.deleteAt = try integer("delete")
        for side in try dictionaries("sides") { snapshot.sides.append(try side.side()) }
        guard Self.isSound(snapshot) else { throw .field("sides") }
        return snapshot
    }

    /// Ids are what the call's sides refer to each other by: they have to be different, and below the next new one.
    private static func isSound(_ snapshot: CallSnapshot) -> Bool {
        let ids = snapshot.sides.map(\.participant.id)
        return !ids.isEmpty && ids.count <= CallLimits.sides && snapshot.ports.count <= CallLimits.ports
            && Set(ids).count == ids.count
            && ids.allSatisfy { $0 >= 0 && $0 < snapshot.nextParticipant } && snapshot.nextParticipant < Int.max / 2
    }

    private func side() throws(SessionRecord.Fault) -> CallSnapshot.Side {
        var participant = Participant(
            id: try need("id", integer("id")), created: try need("created", integer("created")))
        participant.tag = try octets("tag")
        participant.viaBranch = try octets("branch")
        participant.label = try octets("label")
        participant.metadata = try octets("metadata")
        participant.spoke = try integer("spoke")
        participant.associates = try integers("associates")
        participant.peer = try integer("peer")
        participant.interface = try text("interface")
        participant.restriction = try restriction("off")
        participant.sent = try dictionary("sent").map { (reader) throws(SessionRecord.Fault) in try reader.sent() }
        var side = CallSnapshot.Side(participant: participant)
        side.removeAt = try integer("remove")
        for media in try dictionaries("media") { side.media.append(try media.media()) }
        return side
    }

    private func sent() throws(SessionRecord.Fault) -> Participant.SentSDP {
        Participant.SentSDP(
            username: try need("user", octets("user")), sessionID: try need("session", octets("session")),
            sessionName: try octets("name"), originAddress: try address("origin"),
            version: try need("version", integer("version")),
            fingerprint: try need("fingerprint", integer("fingerprint")))
    }

    private func media() throws(SessionRecord.Fault) -> CallSnapshot.Media {
        let name = try need("protocol", octets("protocol"))
        var terms = MediaTerms(kind: try need("kind", octets("kind")), transport: TransportProtocol(name))
        let flags = try words("flags")
        terms.isUntouched = flags.contains("untouched")
        terms.isRejected = flags.contains("rejected")
        terms.isPublic = flags.contains("public")
        terms.sends = flags.contains("sends")
        terms.receives = flags.contains("receives")
        terms.offersMux = flags.contains("offers-mux")
        terms.isMuxed = flags.contains("muxed")
        terms.weOfferedMux = flags.contains("offered-mux")
        terms.isHidden = flags.contains("hidden")
        terms.piercesNAT = flags.contains("pierce")
        terms.waitsForNAT = flags.contains("wait")
        terms.isUnidirectional = flags.contains("one-way")
        terms.signalled = try transportAddress("signalled")
        terms.signalledRTCP = try transportAddress("signalled-rtcp")
        terms.observed = try observed("observed")
        terms.observedRTCP = try observed("observed-rtcp")
        terms.policy = try policy()
        let mux = try words("mux")
        for (word, option) in BodyWriter.muxWords where mux.contains(Substring(word)) {
            terms.muxPromise.insert(option)
        }
        terms.ssrc = try integer("ssrc")
        terms.mid = try octets("mid")
        terms.ptime = try integer("ptime")
        terms.maxptime = try integer("maxptime")
        terms.payloadTypes = try octets("types")?.bytes ?? []
        terms.codec = try octets("codec")
        terms.payloadType = try integer("type") ?? terms.payloadTypes.first
        for payloadType in try octets("events")?.bytes ?? [] where payloadType < 128 {
            terms.telephoneEvents |= 1 << UInt128(payloadType)
        }
        var media = CallSnapshot.Media(terms: terms)
        media.port = try dictionary("port").map { (reader) throws(SessionRecord.Fault) in try reader.port() }
        for port in try dictionaries("superseded") { media.superseded.append(try port.port()) }
        media.closeSupersededAt = try integer("close")
        return media
    }

    private func observed(_ name: String) throws(SessionRecord.Fault) -> ObservedEndpoint {
        guard let reader = try dictionary(name) else { return ObservedEndpoint() }
        return ObservedEndpoint(
            source: try reader.transportAddress("source"), target: try reader.transportAddress("target"),
            isLocked: try reader.words("flags").contains("locked"))
    }

    private func restriction(_ name: String) throws(SessionRecord.Fault) -> MediaRestriction {
        let words = try words(name)
        var restriction = MediaRestriction()
        for (word, option) in BodyWriter.restrictionWords where words.contains(Substring(word)) {
            restriction.insert(option)
        }
        return restriction
    }

    private func policy() throws(SessionRecord.Fault) -> SourceLatch.Policy {
        var policy = SourceLatch.Policy()
        // A way of learning that we do not know is best replaced by the usual one.
        if let name = try text("learning"), let learning = EndpointLearning(rawValue: name) {
            policy.learning = learning
        }
        let words = try words("policy")
        policy.isAsymmetric = words.contains("asymmetric")
        policy.allowsHandover = words.contains("handover")
        policy.isStrict = words.contains("strict")
        return policy
    }

    private func port() throws(SessionRecord.Fault) -> CallSnapshot.Port {
        CallSnapshot.Port(
            interface: try need("interface", text("interface")), local: try need("local", address("local")),
            port: try need("port", integer("port")), hasRTCP: try words("flags").contains("rtcp"))
    }
}
