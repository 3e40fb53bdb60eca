package import WireFormat

/// What a relay tells the process that guards it; one line of text each.
package enum GuardMessage: Equatable, Sendable {
    /// The command path has just answered, and all media threads come round.
    case beat(CallSafety)
    /// Everything listens: the start has succeeded.
    case ready
    /// The process is about to end, on purpose.
    case leaving
    /// The process ends before it has a log, for a reason that is one line.
    case failed(why: String)
    /// The options have changed: the next relay is to start with those that come with the message.
    case options
    /// An address is to be announced at a level.
    case route(IPAddress, RouteLevel)

    package var text: String {
        switch self {
        case .beat(let safety):
            "beat\(safety.isCarried ? " carried" : "")\(safety.isShared ? " shared" : "")\(safety.isAlone ? " alone" : "")"
        case .ready: "ready"
        case .leaving: "leaving"
        case .failed(let why): "failed \(why)"
        case .options: "options"
        case .route(let address, let level): "route \(address) \(level.word)"
        }
    }

    /// Reads a line; `nil` if it is none of ours.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        switch words.first {
        case "beat" where words.dropFirst().allSatisfy({ ["carried", "shared", "alone"].contains($0) }):
            self = .beat(
                CallSafety(
                    isCarried: words.contains("carried"), isShared: words.contains("shared"),
                    isAlone: words.contains("alone")))
        case "ready" where words.count == 1: self = .ready
        case "leaving" where words.count == 1: self = .leaving
        case "failed" where words.count > 1: self = .failed(why: String(text.dropFirst("failed ".count)))
        case "options" where words.count == 1: self = .options
        case "route" where words.count == 3:
            guard let address = IPAddress(words[1]), let level = RouteLevel(word: words[2]) else { return nil }
            self = .route(address, level)
        default: return nil
        }
    }
}
