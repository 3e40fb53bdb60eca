package import WireFormat

/// One side of a call: whoever sends SDP under one tag.
package struct Participant: Hashable, Sendable {
    /// What we have sent to this side, as far as later SDPs have to agree with it.
    package struct SentSDP: Hashable, Sendable {
        package var username: ByteString
        package var sessionID: ByteString
        package var sessionName: ByteString?
        package var originAddress: IPAddress?
        package var version: UInt64
        /// Of the whole text with its version (`OctetDigest`), to see whether the next one differs.
        package var fingerprint: UInt64

        package init(
            username: ByteString, sessionID: ByteString, sessionName: ByteString?, originAddress: IPAddress?,
            version: UInt64, fingerprint: UInt64
        ) {
            (self.username, self.sessionID, self.sessionName) = (username, sessionID, sessionName)
            (self.originAddress, self.version, self.fingerprint) = (originAddress, version, fingerprint)
        }
    }

    /// Unique within the call, never used again.
    package let id: Int
    /// Unknown until this side has answered.
    package var tag: ByteString?
    package var viaBranch: ByteString?
    package var label: ByteString?
    /// Opaque text that came with its last offer or answer.
    package var metadata: ByteString?
    /// Microseconds since the epoch.
    package let created: UInt64
    /// When its own first SDP came, in microseconds since the epoch: the offer of whoever calls, the answer of whoever is
    /// called. `nil` before it.
    package var spoke: UInt64?
    /// The sides that this one has exchanged offers and answers with, or may still get an answer from.
    package var associates: [Int] = []
    /// The side whose media this one gets.
    package var peer: Int?
    /// The logical interface that faces this side.
    package var interface: String?
    /// What is switched off in the media that this side sends.
    package var restriction: MediaRestriction = []
    package var media: [MediaStream] = []
    package var sent: SentSDP?
    /// Monotonic time at which this side (one branch of a forked call) is to be removed.
    package var removeAt: UInt64?

    package init(id: Int, created: UInt64) { (self.id, self.created) = (id, created) }
}
