internal import RelayFailover
internal import RelayOperations
internal import WireFormat

/// `drill`: lends an address to its backup, and reports what that has cost.
struct DrillCommand: ConsoleCommand {
    /// The longest drill, in seconds.
    private static let longest = 60
    private static let usual = 5
    /// Calls that are named in the text.
    private static let mostLines = 20

    let path = ["drill"]
    let arguments = "ADDRESS [SECONDS]"
    let help = "lends an address to its backup for some seconds (5), and reports"
    let drill: Drill
    let survival: CallSurvival

    /// What happened to the streams of one call.
    private struct CallFate {
        var lost = 0
        /// Milliseconds.
        var gap = 0.0
        var unmeasured: StreamFate.Reason?

        mutating func add(_ fate: StreamFate) {
            switch fate {
            case .measured(_, _, let lost, let gap): (self.lost, self.gap) = (self.lost + lost, max(self.gap, gap))
            case .unmeasured(let reason): unmeasured = reason
            }
        }
    }

    func run(_ words: [String]) async -> ConsoleReply {
        guard let (address, seconds) = Self.parse(words) else {
            return .failure("drill ADDRESS [SECONDS, at most \(Self.longest)]\n")
        }
        // As it is before anything moves: that is what a death would meet.
        let verdicts = survival.verdicts(at: address)
        guard let outcome = await drill.run(address, seconds: seconds) else {
            return .failure("\(address) is not served as a home address with --announce, or lent already\n")
        }
        var fates: [ByteString: CallFate] = [:]
        for (port, fate) in outcome.account.fates {
            if let call = outcome.calls[port] { fates[call, default: CallFate()].add(fate) }
        }
        return ConsoleReply(
            "\(address): \(verdicts.count) calls, lent for \(seconds) s\n" + Self.text(outcome)
                + Self.text(fates) + Self.text(verdicts),
            data: .object(Self.object(address, seconds, verdicts, outcome, fates)))
    }

    /// `ADDRESS [SECONDS]`, or `--address ADDRESS --seconds SECONDS` in any order.
    private static func parse(_ words: [String]) -> (address: IPAddress, seconds: Int)? {
        var (address, seconds): (String?, String?) = (nil, nil)
        var rest: ArraySlice<String> = []
        for word in words {
            // `--name=VALUE` is `--name VALUE`.
            rest += word.hasPrefix("--") ? word.split(separator: "=", maxSplits: 1).map { String($0) } : [word]
        }
        while let word = rest.popFirst() {
            switch word {
            case "--address" where address == nil: address = rest.popFirst()
            case "--seconds" where seconds == nil: seconds = rest.popFirst()
            default:
                if address == nil { address = word } else if seconds == nil { seconds = word } else { return nil }
            }
        }
        guard let address = address.flatMap({ IPAddress($0) }), let seconds = seconds.map({ Int($0) }) ?? usual,
            (1...longest).contains(seconds)
        else { return nil }
        return (address, seconds)
    }

    private static func text(_ outcome: Drill.Outcome) -> String {
        var text =
            outcome.away.map { "gone to the backup after \($0) ms\n" }
            ?? "packets kept coming here: no backup has taken the address over\n"
        text += outcome.back.map { "first packet back after \($0) ms\n" } ?? "no packet has come back yet\n"
        let totals = outcome.account.totals
        text += "measured: \(totals.streams) of \(outcome.account.fates.count) streams: \(totals.lost) packets lost"
        text += " of \(totals.sent), \(totals.elsewhere) of which came to the backup;"
        text += " longest gap \(Int(totals.longestGap.rounded())) ms\n"
        for (reason, streams) in outcome.account.unmeasured {
            text += "not measured: \(streams) streams: \(reason.rawValue)\n"
        }
        if !outcome.silentPeers.isEmpty {
            text += "no word of what has arrived there: \(outcome.silentPeers.joined(separator: ", "))\n"
        }
        return text
    }

    /// The calls that have lost most.
    private static func text(_ fates: [ByteString: CallFate]) -> String {
        let losers = fates.filter { $0.value.lost > 0 }.sorted {
            ($1.value.lost, "\($0.key)") < ($0.value.lost, "\($1.key)")
        }
        var text = losers.isEmpty ? "" : "\(losers.count) calls have lost packets\n"
        for (callID, fate) in losers.prefix(mostLines) {
            text += "  \(PlainText.oneLine("\(callID)")): \(fate.lost), gap at most \(Int(fate.gap.rounded())) ms\n"
        }
        return text + more(losers.count)
    }

    private static func text(_ verdicts: [CallSurvival.Verdict]) -> String {
        let dying = verdicts.filter { $0.obstacle != nil }
        var text =
            "\(verdicts.count - dying.count) calls would survive the death of this relay, \(dying.count) would not\n"
        for verdict in dying.prefix(mostLines) {
            text += "  \(PlainText.oneLine("\(verdict.callID)")): \(verdict.obstacle ?? "")\n"
        }
        return text + more(dying.count)
    }

    private static func more(_ count: Int) -> String {
        count > mostLines ? "  and \(count - mostLines) more; JSON has them all\n" : ""
    }

    private static func object(
        _ address: IPAddress, _ seconds: Int, _ verdicts: [CallSurvival.Verdict], _ outcome: Drill.Outcome,
        _ fates: [ByteString: CallFate]
    ) -> ReportObject {
        let totals = outcome.account.totals
        var data: ReportObject = ["address": .string("\(address)")]
        data.append("seconds", seconds)
        data.append("calls", verdicts.count)
        data.append("survivors", verdicts.count { $0.obstacle == nil })
        if let away = outcome.away { data.append("awayMilliseconds", away) }
        if let back = outcome.back { data.append("backMilliseconds", back) }
        data.append("streams", outcome.account.fates.count)
        data.append("measuredStreams", totals.streams)
        data.append("packets", totals.sent)
        data.append("packetsElsewhere", totals.elsewhere)
        data.append("packetsLost", totals.lost)
        data.append("longestGapMilliseconds", .decimal(totals.longestGap))
        data.append(
            "unmeasured",
            .list(
                outcome.account.unmeasured.map {
                    .object(["why": .string($0.reason.rawValue), "streams": .count($0.streams)])
                }))
        data.append("silentRelays", .list(outcome.silentPeers.map { .string($0) }))
        data.append("per_call", .list(verdicts.map { .object(object($0, fates[$0.callID])) }))
        return data
    }

    private static func object(_ verdict: CallSurvival.Verdict, _ fate: CallFate?) -> ReportObject {
        var data: ReportObject = [
            "callid": .string("\(verdict.callID)"), "would_survive": .boolean(verdict.obstacle == nil),
            "why": .string(verdict.obstacle ?? "its state is in the store, and a backup is in step"),
        ]
        guard let fate else { return data }
        data.append("packetsLost", fate.lost)
        data.append("gapMilliseconds", .decimal(fate.gap))
        if let reason = fate.unmeasured { data.append("unmeasured", .string(reason.rawValue)) }
        return data
    }
}
