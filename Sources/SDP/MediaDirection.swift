/// Who sends, from the point of view of the one who wrote it (RFC 8866 §6.7).
package enum MediaDirection: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case sendrecv, sendonly, recvonly, inactive

    /// The attribute's name.
    package var name: String {
        switch self {
        case .sendrecv: "sendrecv"
        case .sendonly: "sendonly"
        case .recvonly: "recvonly"
        case .inactive: "inactive"
        }
    }
}

/// The direction attributes of one level; more than one is an error of the sender that we survive.
struct DirectionSet: OptionSet, Sendable, BitwiseCopyable {
    let rawValue: UInt8

    static let sendrecv = DirectionSet(rawValue: 1 << 0)
    static let sendonly = DirectionSet(rawValue: 1 << 1)
    static let recvonly = DirectionSet(rawValue: 1 << 2)
    static let inactive = DirectionSet(rawValue: 1 << 3)

    /// What holds on this level; `nil` when nothing was said.
    ///
    /// Of contradicting attributes on one level the same one wins as in rtpengine. Between levels we differ from it on
    /// purpose: there a session's `inactive` beats a media section's `sendrecv`, here the section has the last word, as
    /// RFC 8866 §6.7 demands.
    var effective: MediaDirection? {
        if contains(.recvonly) { return .recvonly }
        if contains(.sendonly) { return .sendonly }
        if contains(.inactive) { return .inactive }
        return contains(.sendrecv) ? .sendrecv : nil
    }
}
