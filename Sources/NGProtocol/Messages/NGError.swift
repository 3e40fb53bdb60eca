/// Why a command was refused.
package struct NGError: Error, Equatable, Sendable {
    /// The texts that go out as `error-reason`. Clients compare some of them, so they are rtpengine's, letter for letter.
    package enum Reason: String, CaseIterable, Sendable {
        // The message
        case noPayload = "Invalid data (no payload)"
        case unknownFormat = "Invalid NG data format"
        case invalidBencode = "Could not decode bencode dictionary"
        case invalidJSON = "Failed to parse JSON document"
        case invalidJSONDictionary = "Could not decode JSON dictionary"
        case noCommand = "Dictionary contains no key \"command\""
        case unknownCommand = "Unrecognized command"
        // What every call command needs
        case noSDP = "No SDP body in message"
        case noCallID = "No call-id in message"
        case noFromTag = "No from-tag in message"
        case noToTag = "No to-tag in message"
        // Offer and answer
        case invalidSDP = "Failed to parse SDP"
        case incompleteSDP = "Incomplete SDP specification"
        case cannotRewriteSDP = "Error rewriting SDP"
        case invalidDialogue = "Invalid dialogue association"
        /// An answer to, or a query for, a call that does not exist; other commands say `unknownCallInCommand`.
        case unknownCall = "Unknown call-id"
        /// A client that reads this asks another relay.
        case outOfPorts = "Ran out of ports"
        /// A client that reads this asks another relay, whatever the limit was that was reached.
        case sessionLimit = "Parallel session limit reached"
        // The other commands
        case unknownCallInCommand = "Unknown call-ID"
        case nothingToDelete = "Call-ID not found or tags didn't match"
        case unknownFromTag = "From-tag given, but no such tag exists"
        case unknownLabel = "No monologue matching the given label"
        case malformedAddress = "Failed to parse network address"
        case unknownAddress = "Failed to match address to any tag"
        case unknownFlow = "Media flow not found (to-tag not found)"
        case invalidLimit = "invalid limit, must be >= 0"
        // Ours
        case tooLong = "Reply too long for a datagram"
    }

    /// What was wrong.
    package let reason: Reason
    /// Where: the offset of the offending octet from the start of the body. `nil` when no octet is to blame.
    package let offset: Int?

    /// The text for the reply.
    package var errorReason: String { reason.rawValue }

    @inline(never)  // cold: keeps the throwing path out of the parsers
    package init(_ reason: Reason, at offset: Int? = nil) { (self.reason, self.offset) = (reason, offset) }
}
