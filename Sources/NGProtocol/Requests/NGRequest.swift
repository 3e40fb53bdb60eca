package import WireFormat

/// A command with everything it says, typed.
///
/// Whatever way a client has to say a thing (a key, a word in `flags`, a word in the flag string), it is in one place here. Of
/// two values for one thing the later counts; lists and sets add up. What is not understood becomes a warning.
package struct NGRequest: Sendable {
    package let command: NGCommand

    // MARK: Which call, which side

    package var callID: ByteString?
    package var fromTag: ByteString?
    package var toTag: ByteString?
    package var viaBranch: ByteString?
    /// Several participants, for a subscription.
    package var fromTags: [ByteString] = []
    /// A name for the participant, or the name to find it by.
    package var label: ByteString?
    package var setLabel: ByteString?
    package var toLabel: ByteString?
    /// The media address to find a participant by.
    package var address: ByteString?
    package var all: NGScope?

    // MARK: The SDP

    package var sdp: ByteString?
    package var flags: EnumSet<NGFlag> = []
    package var supports: EnumSet<NGFeature> = []
    package var replace: EnumSet<NGReplace> = []
    package var codec = NGCodecOptions()
    package var sdpAttr = NGAttributeEdits()
    package var sdpMediaRemove: EnumSet<NGMediaType> = []
    package var extmap = NGExtensionMap()
    /// Packet time towards the answerer in milliseconds; of an offer only.
    package var ptime: Int?
    /// Packet time towards the offerer in milliseconds; of an offer only.
    package var ptimeReverse: Int?

    // MARK: Addresses and transport

    /// Interface names as listed. `fromInterface` and `toInterface` include them.
    package var direction: [ByteString] = []
    /// The interface of a command that is about one side only.
    package var interface: ByteString?
    /// The interface towards the sender of this message.
    package var fromInterface: ByteString?
    /// The interface towards its receiver.
    package var toInterface: ByteString?
    /// Where the SIP message came from.
    package var receivedFrom: IPAddress?
    /// The family of the receiver's side.
    package var addressFamily: AddressFamily?
    /// What to advertise instead of our own address.
    package var mediaAddress: IPAddress?
    package var transportProtocol: NGTransportProtocol?
    /// 0 to 255 is set, a negative number leaves the value as it is, more than 255 is as if nothing was said. Of an offer only.
    package var tos: Int?
    package var rtcpMux: EnumSet<NGRTCPMux> = []
    package var endpointLearning: NGEndpointLearning?
    /// `stop` if both were said.
    package var dropTraffic: NGDropTraffic?
    package var generateRTCP: Bool?
    package var passthrough: Bool?

    // MARK: ICE and SRTP

    package var ice: NGICE?
    package var iceLite: NGICELite?
    /// RFC 8445 itself instead of what came before it.
    package var usesICE2 = false
    package var sdes = NGSDES()
    package var osrtp: EnumSet<NGOSRTP> = []
    package var dtls: NGDTLSRole?
    /// The role towards the offerer.
    package var dtlsReverse: NGDTLSRole?
    /// The name of a hash function.
    package var dtlsFingerprint: ByteString?
    package var bundle: EnumSet<NGBundle> = []
    package var t38: EnumSet<NGT38> = []

    // MARK: The call as a whole

    /// Seconds between the delete and its effect; `nil` if nothing, or a negative number, was said.
    package var deleteDelay: Int?
    /// How many call-ids a list may have.
    package var limit: Int?
    package var metadata: ByteString?
    package var recordCall: Bool?
    package var sipCode: Int?
    package var sipMessageType: NGSIPMessageType?
    /// Values of keys that have no property here: playing, recording, DTMF, several calls.
    package var rest: [NGKey: NGValue] = [:]

    // MARK: What was said at all

    /// Every key that was given in any way, for who wants to know whether all of it can be done.
    package internal(set) var keys: EnumSet<NGKey> = []
    /// What was not understood, in order; at most `maximumWarnings`.
    package internal(set) var warnings: [NGWarning] = []
    /// How many more warnings there were.
    package internal(set) var suppressedWarnings = 0

    /// So that one message cannot fill a log.
    package static let maximumWarnings = 32

    /// Flag strings inside flag strings and templates, which may name each other.
    static let maximumFlagStringDepth = 4

    private static let commandKey: ByteString = "command"

    let templates: [ByteString: ByteString]
    var flagStringDepth = 0

    /// Reads a dictionary.
    ///
    /// - Parameters:
    ///   - defaults: flag strings that count as if they stood before everything in the dictionary.
    ///   - templates: flag strings by the name under which `template` asks for them.
    /// - Throws: `noCommand` or `unknownCommand`; nothing else makes a request unreadable.
    package init(
        _ dictionary: NGDictionary, defaults: [ByteString] = [], templates: [ByteString: ByteString] = [:]
    ) throws(NGError) {
        guard let name = dictionary[Self.commandKey]?.string else { throw NGError(.noCommand) }
        guard let command = NGCommand(wireName: name) else { throw NGError(.unknownCommand) }
        (self.command, self.templates) = (command, templates)
        for flags in defaults { apply(flagString: flags) }
        for entry in dictionary.entries {
            guard let key = NGKey(entry.key) else {
                warn(.unknownKey(entry.key))
                continue
            }
            apply(key, entry.value)
        }
    }

    mutating func warn(_ warning: NGWarning) {
        guard warnings.count < Self.maximumWarnings else { return suppressedWarnings += 1 }
        warnings.append(warning)
    }

    /// The octets of a key that has no property.
    package func text(_ key: NGKey) -> ByteString? { rest[key]?.string }

    /// The number of a key that has no property.
    package func number(_ key: NGKey) -> Int64? { rest[key]?.number }
}
