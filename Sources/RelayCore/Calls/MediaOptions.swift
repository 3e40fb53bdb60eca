public import WireFormat

/// What the signalling side wants done to the media of an offer or answer, besides relaying it.
///
/// The defaults suit a plain call. Names follow the NG protocol's keys and flags.
public struct MediaOptions: Sendable {
    /// Parts of the SDP's `o=` and other lines that are rewritten.
    public struct Replacement: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Combines raw bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The address in `o=` becomes ours.
        public static let origin = Replacement(rawValue: 1)
        /// The whole `o=` line is kept stable over the call's life, whoever sends the SDP.
        public static let originFull = Replacement(rawValue: 2)
        /// The version in `o=` counts what we have sent.
        public static let sdpVersion = Replacement(rawValue: 4)
        /// The version in `o=` rises with every SDP.
        public static let forceIncrementVersion = Replacement(rawValue: 8)
        /// The username in `o=` stays the one that was sent first.
        public static let username = Replacement(rawValue: 16)
        /// The session name stays the one that was sent first.
        public static let sessionName = Replacement(rawValue: 32)
        /// An unspecified address (old-style hold) becomes ours.
        public static let zeroAddress = Replacement(rawValue: 64)
    }

    /// What to do about RTCP multiplexing (RFC 5761) when it is not simply passed through.
    public struct RTCPMux: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Combines raw bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Offer it although the sender did not.
        public static let offer = RTCPMux(rawValue: 1)
        /// Offer it without a port to fall back to.
        public static let require = RTCPMux(rawValue: 2)
        /// Do not offer it, but accept the sender's.
        public static let demux = RTCPMux(rawValue: 4)
        /// Accept the sender's even if the other side refuses.
        public static let accept = RTCPMux(rawValue: 8)
        /// Refuse the sender's.
        public static let reject = RTCPMux(rawValue: 16)
    }

    /// How `a=rtcp` is written (RFC 3605).
    public enum RTCPAttribute: Hashable, Sendable {
        /// The port alone.
        case port
        /// Port and address.
        case full
        /// Not at all.
        case omitted
    }

    /// Whether local ports stay when the remote address changes.
    public enum PortLatching: Hashable, Sendable {
        /// They stay while the sender does not receive (hold), and change otherwise.
        case automatic
        /// They always stay.
        case always
        /// They always change.
        case never
    }

    /// Rewritten parts of the SDP.
    public var replace: Replacement = []
    /// The logical interface towards the sender of this SDP; `nil` keeps it, at first the default one.
    public var fromInterface: String?
    /// The logical interface towards the receiver of this SDP.
    public var toInterface: String?
    /// Use this address (the SIP message's source) instead of the one in the SDP.
    public var sourceAddress: IPAddress?
    /// The address family towards the receiver; `nil` keeps it, at first the sender's.
    public var addressFamily: AddressFamily?
    /// Show this address instead of our own.
    public var mediaAddress: IPAddress?
    /// The protocol of the output's m-lines (`RTP/AVP`); `nil` keeps the sender's.
    public var transportProtocol: ByteString?
    /// TOS octet or traffic class of the call's packets, 0 to 255; `nil` keeps it, at first the relay's default.
    public var tos: UInt8?
    /// How endpoints' real addresses are learned; `nil` for the relay's default.
    public var endpointLearning: EndpointLearning?
    /// Never change the send target from received packets.
    public var isAsymmetric = false
    /// While learning, refuse sources worse than the best so far.
    public var isStrictSource = false
    /// Follow a source that changes in mid-stream.
    public var allowsMediaHandover = false
    /// Whether local ports stay.
    public var portLatching = PortLatching.automatic
    /// RTCP multiplexing.
    public var rtcpMux: RTCPMux = []
    /// How `a=rtcp` is written.
    public var rtcpAttribute = RTCPAttribute.port
    /// Leave the direction attribute where and as it was.
    public var keepsDirectionLine = false
    /// Mark the SDP with our id, and leave one alone that carries it.
    public var protectsFromLoops = false
    /// The sender uses ICE and shall not be told that we do not: nothing is to be said about it.
    public var removesICE = false
    /// Which codecs go on.
    public var codecs = CodecSelection()
    /// Changed attributes.
    public var attributeEdits = AttributeEdits()
    /// Media types whose m-lines are not offered to the receiver; the sender is told that they were rejected.
    public var removedMedia: Set<ByteString> = []
    /// All traffic of the call is dropped from now on, or no longer; `nil` changes nothing.
    public var dropsTraffic: Bool?
    /// DTMF events of the sender are not forwarded.
    public var blocksDTMF = false
    /// Open the sender's NAT with packets of our own until something has come from it.
    public var piercesNAT = false
    /// Send nothing to the sender's address before something has come from it.
    public var waitsForNAT = false
    /// The sender's media may flow one way only.
    public var isUnidirectional = false
    /// A name for the sender's side, shown in reports.
    public var label: ByteString?
    /// Opaque text kept with the call and with the sender's side.
    public var metadata: ByteString?
    /// Relays that share calls are told of this change at once; else with the next one that they are told of.
    public var isShared = true

    /// Plain relaying.
    public init() {}
}
