internal import Glibc
internal import RelayCore
internal import RelayFailover
internal import RelayOperations
internal import WireFormat

/// Routes on the console.
enum RouteCommands {
    /// - Parameter isAnnouncing: the network is told where our addresses are.
    static func all(_ routes: RouteService, _ drill: DrillCommand, isAnnouncing: Bool) -> [any ConsoleCommand] {
        [
            ConsoleFunction("routes", help: "what is announced for each address, and why") { _ in list(routes) },
            ConsoleFunction("drain", help: "no new calls, packets go elsewhere, and then the end") { _ in
                guard isAnnouncing else {
                    return .failure(
                        "Not available: without --announce packets go nowhere else; SIGTERM ends the relay at once.\n")
                }
                // As if the service manager had asked: there is one way to end.
                kill(getpid(), SIGTERM)
                return .init("draining\n")
            },
            drill,
        ]
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
