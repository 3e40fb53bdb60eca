/// Why the relay could not do what was asked. Nothing has changed when it is thrown.
public enum RelayError: Error, Equatable, Sendable {
    /// The SDP cannot be used; the text says what is wrong with it and in which line.
    case malformedSDP(reason: String, detail: String)
    /// There is no call with that Call-ID.
    case unknownCall
    /// The call has no side with such a tag or branch.
    case unknownTag
    /// The call has as many sides as any call may have, and the tag or branch would be one more.
    case tooManySides
    /// The call has no side with such a label.
    case unknownLabel
    /// No side's SDP names such an address.
    case unknownAddress
    /// No media flows between these two sides.
    case unknownFlow
    /// A new call would exceed the configured number of sessions.
    case sessionLimitReached(limit: Int)
    /// No new call is taken now.
    case overloaded(LoadLimit)
    /// No port could be opened; the text names the real cause.
    case noPortAvailable(cause: String)
    /// The relay could not start; the text names the cause.
    case cannotStart(cause: String)
    /// The relay has been stopped.
    case stopped
}

extension RelayError: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        switch self {
        case .malformedSDP(let reason, let detail): "\(reason): \(detail)"
        case .unknownCall: "unknown call-id"
        case .unknownTag: "no such tag in the call"
        case .tooManySides: "the call has \(CallLimits.sides) sides, no more are taken"
        case .unknownLabel: "no such label in the call"
        case .unknownAddress: "no side of the call has that address"
        case .unknownFlow: "no media between these sides"
        case .sessionLimitReached(let limit): "session limit of \(limit) reached"
        case .overloaded(let limit): "no new calls: \(limit.rawValue)"
        case .noPortAvailable(let cause): "no port available: \(cause)"
        case .cannotStart(let cause): "cannot start: \(cause)"
        case .stopped: "the relay has been stopped"
        }
    }
}
