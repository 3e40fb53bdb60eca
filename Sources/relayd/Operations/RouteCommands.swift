internal import Glibc
internal import RelayCore
internal import RelayFailover
internal import RelayOperations
internal import WireFormat

/// Routes on the console.
enum RouteCommands {
    /// The longest drill, in seconds.
    private static let longestDrill = 60
    /// Calls that are named in the text.
    private static let mostLines = 20

    static func all(_ routes: RouteService, _ survival: CallSurvival) -> [any ConsoleCommand] {
        [
            ConsoleFunction("routes", help: "what is announced for each address, and why") { _ in list(routes) },
            ConsoleFunction("drain", help: "no new calls, packets go elsewhere, and then the end") { _ in
                // As if the service manager had asked: there is one way to end.
                kill(getpid(), SIGTERM)
                return .init("draining\n")
            },
            ConsoleFunction(
                "drill", "ADDRESS [SECONDS]", help: "lends an address to its backup for some seconds (5), and reports"
            ) { words in await drill(words, routes, survival) },
        ]
    }

    private static func drill(
        _ words: [String], _ routes: RouteService, _ survival: CallSurvival
    ) async -> ConsoleReply {
        let seconds = words.count > 1 ? Int(words[1]) : 5
        guard let text = words.first, let address = IPAddress(text), let seconds, (1...longestDrill).contains(seconds),
            words.count <= 2
        else { return .failure("drill ADDRESS [SECONDS, at most \(longestDrill)]\n") }
        // As it is before anything moves: that is what a death would meet.
        let verdicts = survival.verdicts(at: address)
        guard let drill = await routes.drill(address, seconds: seconds) else {
            return .failure("\(address) is not served as a home address with --announce\n")
        }
        let dying = verdicts.filter { $0.obstacle != nil }
        var data: ReportObject = ["address": .string("\(address)")]
        data.append("calls", verdicts.count)
        data.append("survivors", verdicts.count - dying.count)
        var report = "\(address): \(verdicts.count) calls\n"
        if let away = drill.away {
            report += "gone to the backup after \(away) ms\n"
            data.append("awayMilliseconds", away)
        } else {
            report += "packets kept coming here: no backup has taken the address over\n"
        }
        if let back = drill.back {
            report += "first packet back after \(back) ms\n"
            data.append("backMilliseconds", back)
        } else if !verdicts.isEmpty {
            report += "no packet has come back yet\n"
        }
        report +=
            "\(verdicts.count - dying.count) calls would survive the death of this relay, \(dying.count) would not\n"
        for verdict in dying.prefix(mostLines) { report += "  \(verdict.callID): \(verdict.obstacle ?? "")\n" }
        if dying.count > mostLines { report += "  and \(dying.count - mostLines) more; JSON has them all\n" }
        data.append(
            "per_call",
            .list(
                verdicts.map { verdict in
                    .object([
                        "callid": .string("\(verdict.callID)"), "would_survive": .boolean(verdict.obstacle == nil),
                        "why": .string(verdict.obstacle ?? "its state is in the store, and a backup is in step"),
                    ])
                }))
        return .init(report, data: .object(data))
    }

    private static func list(_ routes: RouteService) -> ConsoleReply {
        var text = ""
        var data: [ReportValue] = []
        for intent in routes.intents {
            let role = intent.role == .home ? "home" : "backup"
            text += "\(intent.address) \(role): \(intent.state), announced as \(intent.level.word)"
            text += " (\(intent.reason.rawValue))\n"
            data.append(
                .object([
                    "address": .string("\(intent.address)"), "role": .string(role), "state": .string("\(intent.state)"),
                    "level": .string(intent.level.word), "reason": .string(intent.reason.rawValue),
                ]))
        }
        return .init(text, data: .list(data))
    }
}
