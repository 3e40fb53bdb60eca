package import RelayControl
package import RelayCore
internal import WireFormat

/// `debug CALL-ID on|off`: the commands and replies of a call go to the log, word for word.
package enum TraceCommands {
    package static func all(_ relay: Relay, _ traced: TracedCalls) -> [any ConsoleCommand] {
        [
            ConsoleFunction("debug", "CALL-ID [on|off]", help: "log all that is said about a call, word for word") {
                words in
                guard let id = words.first else { return .failure("No call ID specified\n") }
                guard relay.query(callID: ByteString(id)) != nil else {
                    return .failure("Call ID '\(PlainText.oneLine(id))' not found\n")
                }
                return set(id, words.dropFirst().first, traced)
            }
        ]
    }

    /// Starts the trace of a call, or ends it.
    static func set(_ id: String, _ word: String?, _ traced: TracedCalls) -> ConsoleReply {
        let isOn = word.map { !["off", "no", "0", "disable"].contains($0) } ?? true
        traced.set(ByteString(id), isOn)
        return ConsoleReply("\(isOn ? "Enabled" : "Disabled") debugging for call '\(PlainText.oneLine(id))'\n")
    }
}
