internal import RelayCore
internal import SDP
internal import WireFormat

extension BodyWriter {
    /// Writes a call without its version, which is in the header.
    mutating func write(_ snapshot: CallSnapshot) {
        field("call", snapshot.callID)
        field("tos", snapshot.tos == 0 ? nil : Int(snapshot.tos))
        field("metadata", snapshot.metadata)
        words("off", Self.words(snapshot.restriction) + [("traffic", snapshot.dropsTraffic)])
        field("signal", snapshot.lastSignal)
        field("delete", snapshot.deleteAt)
        field("next", snapshot.nextParticipant)
        list("sides", snapshot.sides) { body, side in body.dictionary { $0.write(side) } }
    }

    private mutating func write(_ side: CallSnapshot.Side) {
        let participant = side.participant
        field("id", participant.id)
        field("tag", participant.tag)
        field("branch", participant.viaBranch)
        field("label", participant.label)
        field("metadata", participant.metadata)
        field("created", participant.created)
        field("spoke", participant.spoke)
        list("associates", participant.associates) { $0.integer(Int64($1)) }
        field("peer", participant.peer)
        field("interface", participant.interface)
        words("off", Self.words(participant.restriction))
        field("remove", side.removeAt)
        if let sent = participant.sent { dictionary("sent") { $0.write(sent) } }
        list("media", side.media) { body, media in body.dictionary { $0.write(media) } }
    }

    private mutating func write(_ sent: Participant.SentSDP) {
        field("user", sent.username)
        field("session", sent.sessionID)
        field("name", sent.sessionName)
        field("origin", sent.originAddress)
        field("version", sent.version)
        field("fingerprint", sent.fingerprint)
    }

    private mutating func write(_ media: CallSnapshot.Media) {
        let terms = media.terms
        field("kind", terms.kind)
        field("protocol", terms.transport.text)
        words(
            "flags",
            [
                ("untouched", terms.isUntouched), ("rejected", terms.isRejected), ("public", terms.isPublic),
                ("sends", terms.sends), ("receives", terms.receives), ("offers-mux", terms.offersMux),
                ("muxed", terms.isMuxed), ("offered-mux", terms.weOfferedMux),
                ("hidden", terms.isHidden), ("pierce", terms.piercesNAT), ("wait", terms.waitsForNAT),
                ("one-way", terms.isUnidirectional),
            ])
        field("signalled", terms.signalled)
        field("signalled-rtcp", terms.signalledRTCP)
        write(terms.observed, as: "observed")
        write(terms.observedRTCP, as: "observed-rtcp")
        write(terms.policy)
        words("mux", Self.muxWords.map { ($0.word, terms.muxPromise.contains($0.option)) })
        field("ssrc", terms.ssrc.map(UInt64.init))
        field("mid", terms.mid)
        field("ptime", terms.ptime)
        field("maxptime", terms.maxptime)
        field("types", terms.payloadTypes.isEmpty ? nil : ByteString(terms.payloadTypes))
        field("codec", terms.codec)
        // Of the first of its types, unless another was agreed on.
        if terms.payloadType != terms.payloadTypes.first { field("type", terms.payloadType.map(UInt64.init)) }
        let events = (UInt8(0)..<128).filter { terms.telephoneEvents & 1 << UInt128($0) != 0 }
        field("events", events.isEmpty ? nil : ByteString(events))
        if let port = media.port { dictionary("port") { $0.write(port) } }
        list("superseded", media.superseded) { body, port in body.dictionary { $0.write(port) } }
        field("close", media.closeSupersededAt)
    }

    private mutating func write(_ endpoint: ObservedEndpoint, as name: String) {
        guard endpoint != ObservedEndpoint() else { return }
        dictionary(name) { body in
            body.field("source", endpoint.source)
            body.field("target", endpoint.target)
            body.words("flags", [("locked", endpoint.isLocked)])
        }
    }

    private mutating func write(_ policy: SourceLatch.Policy) {
        field("learning", policy.learning.rawValue)
        words(
            "policy",
            [
                ("asymmetric", policy.isAsymmetric), ("handover", policy.allowsHandover), ("strict", policy.isStrict),
            ])
    }

    private mutating func write(_ port: CallSnapshot.Port) {
        field("interface", port.interface)
        field("local", port.local)
        field("port", Int(port.port))
        words("flags", [("rtcp", port.hasRTCP)])
    }

    private static func words(_ restriction: MediaRestriction) -> [(String, Bool)] {
        restrictionWords.map { ($0.word, restriction.contains($0.option)) }
    }

    static let restrictionWords: [(word: String, option: MediaRestriction)] = [
        ("media", .media), ("speech", .speech), ("dtmf", .dtmf),
    ]

    static let muxWords: [(word: String, option: MediaOptions.RTCPMux)] = [
        ("offer", .offer), ("require", .require), ("demux", .demux), ("accept", .accept), ("reject", .reject),
    ]
}
