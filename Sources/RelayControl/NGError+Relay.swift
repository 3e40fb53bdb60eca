internal import NGProtocol
internal import RelayCore

extension NGError {
    /// The text that clients know for what went wrong. `Ran out of ports` and `Parallel session limit reached` make
    /// Kamailio try another node.
    init(_ error: RelayError, in command: NGCommand) {
        let isAboutSDP = [.offer, .answer, .query].contains(command)
        switch error {
        case .malformedSDP(let reason, _):
            self.init(Reason(rawValue: reason) ?? .invalidSDP)
        case .unknownCall: self.init(isAboutSDP ? .unknownCall : .unknownCallInCommand)
        case .unknownTag: self.init(isAboutSDP ? .invalidDialogue : .unknownFromTag)
        case .tooManySides: self.init(.invalidDialogue)
        case .unknownLabel: self.init(.unknownLabel)
        case .unknownAddress: self.init(.unknownAddress)
        case .unknownFlow: self.init(.unknownFlow)
        case .sessionLimitReached, .overloaded, .stopped, .cannotStart: self.init(.sessionLimit)
        case .noPortAvailable: self.init(.outOfPorts)
        }
    }
}

extension RelayError {
    /// Which limit kept a new call out; `nil` when it was none.
    var loadLimit: LoadLimit? {
        switch self {
        case .sessionLimitReached: .sessions
        case .overloaded(let limit): limit
        default: nil
        }
    }
}
