import RelayFailover
import Testing
import WireFormat

@Suite("Whether a relay is ready, and why not")
struct ReadinessTests {
    private static func missing(
        _ replication: RouteConditions.Replication, restored: Bool = true, answering: Bool = true,
        draining: Bool = false
    ) -> [String] {
        var now = RouteConditions()
        (now.replication, now.isAnswering, now.isDraining) = (replication, answering, draining)
        let readiness = Readiness(now, isRestored: restored, routes: [])
        let missing = readiness.conditions.filter { !$0.isMet }.map(\.name)
        #expect(readiness.isReady == missing.isEmpty)
        return missing
    }

    @Test("everything that is missing is named")
    func names() {
        #expect(Self.missing(.inStep) == [])
        #expect(Self.missing(.absent) == [])
        #expect(Self.missing(.behind) == ["in step"])
        #expect(Self.missing(.restoring, restored: false) == ["restored", "in step"])
        #expect(Self.missing(.inStep, answering: false, draining: true) == ["answering", "open"])
    }

    @Test("the loss of the store makes nobody unready who has read it")
    func storeIsGone() {
        #expect(Self.missing(.unreachable) == [])
        #expect(Self.missing(.unreachable, restored: false) == ["restored", "in step"])
    }

    @Test("a home address has to be served, one of others does not")
    func routes() throws {
        let home = RouteIntent(address: try #require(IPAddress("192.0.2.1")), role: .home)
        let backup = RouteIntent(address: try #require(IPAddress("192.0.2.2")), role: .backup)
        let readiness = Readiness(RouteConditions(), isRestored: true, routes: [home, backup])
        #expect(readiness.conditions.filter { !$0.isMet }.map(\.name) == ["route 192.0.2.1"])
        #expect(readiness.conditions.last?.text == "starting")
    }
}
