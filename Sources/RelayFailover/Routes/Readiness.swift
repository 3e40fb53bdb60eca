/// Whether a relay can serve at this moment, and what is missing if not. A value.
package struct Readiness: Equatable, Sendable {
    /// One thing that has to be so.
    package struct Condition: Equatable, Sendable {
        package let name: String
        package let isMet: Bool
        /// How it is, for people.
        package let text: String
    }

    package let conditions: [Condition]

    /// Nothing is missing.
    package var isReady: Bool { conditions.allSatisfy(\.isMet) }

    /// - Parameters:
    ///   - isRestored: all calls that the group had when this relay started have been read.
    ///   - routes: of the addresses that are announced; empty when none are. Those of others that we back up do not count.
    package init(_ now: RouteConditions, isRestored: Bool, routes: [RouteIntent]) {
        var conditions: [Condition] = []
        if now.replication != .absent {
            conditions.append(
                Condition(
                    name: "restored", isMet: isRestored,
                    text: isRestored ? "the calls of the group are here" : "calls of the group have not been read yet"))
        }
        conditions.append(Self.step(now.replication, isRestored: isRestored))
        conditions.append(
            Condition(
                name: "answering", isMet: now.isAnswering,
                text: now.isAnswering
                    ? "commands are answered, media threads run" : "no command is answered, or a media thread hangs"))
        conditions.append(
            Condition(
                name: "open", isMet: !now.isDraining,
                text: now.isDraining ? "it is about to end, and takes no new calls" : "it takes new calls"))
        for route in routes where route.role == .home {
            conditions.append(
                Condition(name: "route \(route.address)", isMet: route.state == .serving, text: route.reason.rawValue))
        }
        self.conditions = conditions
    }

    private static func step(_ replication: RouteConditions.Replication, isRestored: Bool) -> Condition {
        let (isMet, text) =
            switch replication {
            case .absent: (true, "calls are not shared")
            case .inStep: (true, "every change of the others is here")
            case .restoring: (false, "calls are being restored")
            case .behind: (false, "changes of the others are missing")
            // Nobody else knows more: to send calls elsewhere would help nobody.
            case .unreachable where isRestored:
                (true, "the store does not answer or takes nothing; it goes on with what it has")
            case .unreachable: (false, "the store does not answer")
            }
        return Condition(name: "in step", isMet: isMet, text: text)
    }
}
