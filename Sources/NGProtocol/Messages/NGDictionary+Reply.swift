extension NGDictionary {
    /// The reply to a ping.
    package static let pong: NGDictionary = ["result": "pong"]

    /// A reply that says no more than that it was done.
    package static let ok: NGDictionary = ["result": "ok"]

    /// A refusal with its reason.
    package static func failure(_ reason: String) -> NGDictionary {
        ["result": "error", "error-reason": .string(reason)]
    }

    /// A refusal with its reason.
    package static func failure(_ error: NGError) -> NGDictionary { failure(error.errorReason) }

    /// A new call is refused because of load, to a client that `supports` this answer and then asks another relay.
    package static func loadLimit(_ message: String) -> NGDictionary {
        ["result": "load limit", "message": .string(message)]
    }

    /// Ends a reply: `result` comes last, after what the command has to say.
    package mutating func finish(warning: String? = nil) {
        append("warning", ifPresent: warning.map { .string($0) })
        append("result", "ok")
    }
}
