internal import Glibc
internal import RelayCore
internal import RelayFailover
internal import RelayOperations
internal import WireFormat

/// Routes on the console.
enum RouteCommands {
    static func all(_ routes: RouteService, _ drill: DrillCommand) -> [any ConsoleCommand] {
        [
            ConsoleFunction("routes", help: "what is announced for each address, and why") { _ in list(routes) },
            ConsoleFunction("drain", help: "no new calls, packets go elsewhere, and then the end") { _ in
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
