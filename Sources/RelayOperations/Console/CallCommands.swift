package import RelayControl
package import RelayCore
internal import WireFormat

/// Commands about calls: `list sessions`, `terminate`, `call`.
package enum CallCommands {
    /// All of them.
    ///
    /// - Parameter traced: calls whose commands are logged.
    package static func all(_ relay: Relay, _ traced: TracedCalls) -> [any ConsoleCommand] {
        [
            ConsoleFunction("list numsessions", help: "how many calls there are") { _ in count(relay) },
            ConsoleFunction("list sessions", "CALL-ID|all|own|foreign", help: "one call, or one line for each") {
                words in
                guard let word = words.first else { return .failure("More parameters required.\n") }
                guard let scope = Scope(rawValue: word) else { return describe(word, relay) }
                return list(scope, relay)
            },
            ConsoleFunction("terminate", "CALL-ID|all|own|foreign", help: "end calls at once") { words in
                guard let word = words.first else { return .failure("More parameters required.\n") }
                guard let scope = Scope(rawValue: word) else { return terminate(word, relay) }
                for call in relay.summaries() where scope.includes(call) { relay.terminate(callID: call.id) }
                let name = scope == .all ? "" : "\(scope.rawValue) "
                return ConsoleReply("All \(name)calls terminated by operator.\n")
            },
            ConsoleFunction("call", "CALL-ID info|terminate|debug [on|off]|tag TAG info", help: "one call") { words in
                call(words, relay, traced)
            },
        ]
    }

    private static func call(_ words: [String], _ relay: Relay, _ traced: TracedCalls) -> ConsoleReply {
        guard words.count > 1 else { return .failure("More parameters required.\n") }
        let id = words[0]
        guard let report = relay.query(callID: ByteString(id)) else {
            return .failure("No such call '\(PlainText.oneLine(id))'\n")
        }
        switch words[1] {
        case "info": return describe(id, relay)
        case "terminate":
            relay.terminate(callID: ByteString(id))
            return ConsoleReply("\nCall '\(PlainText.oneLine(id))' terminated.\n\n")
        case "debug": return TraceCommands.set(id, words.count > 2 ? words[2] : nil, traced)
        case "tag": return tag(Array(words.dropFirst(2)), report)
        default: return .failure("Unknown or incomplete command::\(words[1])\n")
        }
    }

    /// `call CALL-ID tag TAG …`
    private static func tag(_ words: [String], _ report: CallReport) -> ConsoleReply {
        guard words.count > 1 else { return .failure("More parameters required.\n") }
        guard let index = report.sides.firstIndex(where: { $0.tag.map { "\($0)" } == words[0] }) else {
            return .failure("No such tag '\(PlainText.oneLine(words[0]))'\n")
        }
        switch words[1] {
        case "info": return ConsoleReply("\n\(CallText.text(report.sides[index], isFirst: index == 0))\n")
        case "delay": return .failure("Not available: media is not delayed.\n")
        case "detect-dtmf": return .failure("Not available: sound is not decoded.\n")
        default: return .failure("Unknown or incomplete command::\(words[1])\n")
        }
    }

    private enum Scope: String {
        case all, own, foreign

        func includes(_ call: CallSummary) -> Bool {
            switch self {
            case .all: true
            case .own: !call.isForeign
            case .foreign: call.isForeign
            }
        }
    }

    private static func count(_ relay: Relay) -> ConsoleReply {
        let calls = relay.summaries()
        let own = calls.count { !$0.isForeign }
        let families = CallFamilies(calls)
        return ConsoleReply(
            """
            Current sessions own: \(own)
            Current sessions foreign: \(calls.count - own)
            Current sessions total: \(calls.count)
            Current transcoded media: 0
            Current sessions ipv4 only media: \(families.ipv4)
            Current sessions ipv6 only media: \(families.ipv6)
            Current sessions ip mixed  media: \(families.mixed)

            """,
            data: [
                "own": .count(own), "foreign": .count(calls.count - own), "total": .count(calls.count),
                "ipv4": .count(families.ipv4), "ipv6": .count(families.ipv6), "mixed": .count(families.mixed),
            ])
    }

    private static func list(_ scope: Scope, _ relay: Relay) -> ConsoleReply {
        let calls = relay.summaries().filter(scope.includes).sorted { $0.created > $1.created }
        guard !calls.isEmpty else {
            let name = scope == .all ? "" : "\(scope.rawValue) "
            return ConsoleReply("No \(name)sessions on this media relay.\n", data: [])
        }
        var text = ""
        for call in calls {
            let id = PlainText.oneLine("\(call.id)")
            text += "callid: \(ReportText.right(id, 60)) | deletionmark:\(ReportText.right(yesNo(call.isDeleted), 4))"
            text += " | created:\(ReportText.right("\(call.created / 1_000_000)", 12))"
            text += " | proxy:\(call.controller.map { "\($0)" } ?? "-") | redis_keyspace:0"
            text += " | foreign:\(yesNo(call.isForeign))\n"
        }
        let data = calls.map { call -> ReportValue in
            [
                "callid": .string("\(call.id)"), "created": .count(call.created / 1_000_000),
                "deleted": .boolean(call.isDeleted), "proxy": .string(call.controller.map { "\($0)" } ?? ""),
                "foreign": .boolean(call.isForeign),
            ]
        }
        return ConsoleReply(text, data: .list(data))
    }

    private static func describe(_ id: String, _ relay: Relay) -> ConsoleReply {
        guard let report = relay.query(callID: ByteString(id)) else {
            return .failure("\nCall ID not found (\(PlainText.oneLine(id))).\n\n")
        }
        return ConsoleReply(CallText.text(report), data: .object(CallText.report(report)))
    }

    private static func terminate(_ id: String, _ relay: Relay) -> ConsoleReply {
        let shown = PlainText.oneLine(id)
        guard relay.terminate(callID: ByteString(id)) else { return .failure("\nCall Id not found (\(shown)).\n\n") }
        return ConsoleReply("\nCall Id (\(shown)) successfully terminated by operator.\n\n")
    }

    static func yesNo(_ value: Bool) -> String { value ? "yes" : "no" }
}

/// How many calls use which families.
struct CallFamilies {
    private(set) var ipv4 = 0
    private(set) var ipv6 = 0
    private(set) var mixed = 0

    init(_ calls: [CallSummary]) {
        for call in calls {
            switch (call.usesIPv4, call.usesIPv6) {
            case (true, true): mixed += 1
            case (true, false): ipv4 += 1
            case (false, true): ipv6 += 1
            case (false, false): break
            }
        }
    }
}
