public import WireFormat

/// An SDP offer on its way from one side of a call to the other (RFC 3264).
public struct Offer: Sendable {
    /// The SIP Call-ID.
    public var callID: ByteString
    /// The tag of the side that sends the offer.
    public var fromTag: ByteString
    /// The tag of the side that receives it; `nil` before it is known.
    public var toTag: ByteString?
    /// Tells the branches of a forked call apart.
    public var viaBranch: ByteString?
    /// The session description.
    public var sdp: [UInt8]
    /// What to do besides relaying.
    public var options: MediaOptions
    /// Who has sent it to us; for lists and call detail records only.
    public var controller: TransportAddress?

    /// Describes an offer.
    public init(
        callID: ByteString, fromTag: ByteString, toTag: ByteString? = nil, viaBranch: ByteString? = nil, sdp: [UInt8],
        options: MediaOptions = MediaOptions()
    ) {
        (self.callID, self.fromTag, self.toTag, self.viaBranch) = (callID, fromTag, toTag, viaBranch)
        (self.sdp, self.options) = (sdp, options)
    }
}

/// What came of an offer or answer.
package struct NegotiationOutcome: Sendable {
    /// The description for the other side.
    package let sdp: [UInt8]
    /// What the description would have needed and is not built, by the name of its option, sorted.
    package var unmet: [String] = []
}

/// The SDP answer to an offer. The tags keep the roles that they had in the offer.
public struct Answer: Sendable {
    /// The SIP Call-ID.
    public var callID: ByteString
    /// The tag of the side that sent the offer.
    public var fromTag: ByteString
    /// The tag of the side that sends this answer.
    public var toTag: ByteString
    /// The branch of the offer that is answered, in a forked call.
    public var viaBranch: ByteString?
    /// The session description.
    public var sdp: [UInt8]
    /// What to do besides relaying.
    public var options: MediaOptions
    /// Who has sent it to us; for lists and call detail records only.
    public var controller: TransportAddress?

    /// Describes an answer.
    public init(
        callID: ByteString, fromTag: ByteString, toTag: ByteString, viaBranch: ByteString? = nil, sdp: [UInt8],
        options: MediaOptions = MediaOptions()
    ) {
        (self.callID, self.fromTag, self.toTag, self.viaBranch) = (callID, fromTag, toTag, viaBranch)
        (self.sdp, self.options) = (sdp, options)
    }
}
