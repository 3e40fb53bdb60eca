public import WireFormat

/// What an operator or a proxy has switched off in the media of a call, or of one of its sides.
public struct MediaRestriction: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Combines raw bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// RTP is not forwarded, DTMF events apart (`block media`).
    public static let media = MediaRestriction(rawValue: 1)
    /// Speech is replaced by silence (`silence media`).
    public static let speech = MediaRestriction(rawValue: 2)
    /// DTMF events are not forwarded (`block DTMF`).
    public static let dtmf = MediaRestriction(rawValue: 4)
}

/// Whose media a command is about.
public enum SideSelector: Hashable, Sendable {
    /// All sides together.
    case everyone
    /// All sides, together and one by one: what was switched off for a single one is on again with the others.
    case all
    /// The side with this tag.
    case tag(ByteString)
    /// The side with this label.
    case label(ByteString)
    /// The side whose SDP names this address.
    case address(IPAddress)
}
