internal import RelayFailover
internal import RelayOperations

/// `ready`: whether calls can be sent to this relay, and why not. It fails when they cannot.
struct ReadinessCommand: ConsoleCommand {
    static let word = "ready"

    let path = [word]
    let arguments = ""
    let help = "whether this relay can serve, and why not"
    let readiness: @Sendable () -> Readiness

    init(_ readiness: @escaping @Sendable () -> Readiness) { self.readiness = readiness }

    func run(_ words: [String]) async -> ConsoleReply {
        guard words.isEmpty else { return .failure("ready takes no parameters.\n") }
        let now = readiness()
        var text = now.isReady ? "ready\n" : "not ready\n"
        for condition in now.conditions {
            text += "\(condition.name): \(condition.isMet ? "yes" : "no") (\(condition.text))\n"
        }
        let conditions = now.conditions.map { condition -> ReportValue in
            .object([
                "name": .string(condition.name), "met": .boolean(condition.isMet), "text": .string(condition.text),
            ])
        }
        var reply = ConsoleReply(text, data: ["ready": .boolean(now.isReady), "conditions": .list(conditions)])
        reply.isFailure = !now.isReady
        return reply
    }
}
