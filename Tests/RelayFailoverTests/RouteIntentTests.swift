import RelayFailover
import Testing
import WireFormat

@Suite("What is announced for an address, and why")
struct RouteIntentTests {
    private typealias Step = (milliseconds: UInt64, conditions: RouteConditions)

    private static let address = IPAddress(ipv4: 0xC000_0201)

    /// Conditions with some changes.
    private static func when(
        _ replication: RouteConditions.Replication = .inStep, answering: Bool = true, draining: Bool = false,
        lent: Bool = false, used: Bool = false
    ) -> RouteConditions {
        var conditions = RouteConditions()
        conditions.replication = replication
        (conditions.isAnswering, conditions.isDraining) = (answering, draining)
        (conditions.isLent, conditions.isUsed) = (lent, used)
        return conditions
    }

    /// Lets the same conditions hold from one moment to another, looking each 100 ms; how often calls were taken over.
    @discardableResult
    private static func hold(
        _ intent: inout RouteIntent, _ conditions: RouteConditions, from: UInt64, to: UInt64
    ) -> Int {
        stride(from: from, through: to, by: 100).count { milliseconds in
            intent.update(conditions, at: 1_000_000_000 + milliseconds * 1_000_000) == .takeOver
        }
    }

    private static func settled(_ role: RouteIntent.Role) -> RouteIntent {
        var intent = RouteIntent(address: address, role: role)
        hold(&intent, when(), from: 0, to: 1000)
        return intent
    }

    @Test("nothing is announced at first, and for a moment after all is well")
    func risesSlowly() {
        var intent = RouteIntent(address: Self.address, role: .home)
        #expect(intent.level == .none)
        Self.hold(&intent, Self.when(), from: 0, to: 200)
        #expect(intent.level == .none)
        #expect(intent.reason == .settling)
        #expect(Self.hold(&intent, Self.when(), from: 300, to: 600) == 1)
        #expect(intent.level == .home)
        #expect(intent.state == .serving)
    }

    @Test("a home serves and takes its calls back once; a backup stands by")
    func roles() {
        #expect(Self.settled(.home).state == .serving)
        let backup = Self.settled(.backup)
        #expect(backup.state == .standby)
        #expect(backup.level == .backup)
        #expect(backup.reason == .ready)
    }

    @Test(
        "what a relay is that has never been in step",
        arguments: [
            (RouteConditions.Replication.restoring, RouteLevel.none, RouteIntent.Reason.restoring),
            (.behind, .lastResort, .notInStep), (.unreachable, .lastResort, .notInStep), (.absent, .home, .home),
            (.inStep, .home, .home),
        ])
    func firstStep(
        _ replication: RouteConditions.Replication, _ level: RouteLevel, _ reason: RouteIntent.Reason
    ) {
        var intent = RouteIntent(address: Self.address, role: .home)
        Self.hold(&intent, Self.when(replication), from: 0, to: 1000)
        #expect(intent.level == level)
        #expect(intent.reason == reason)
    }

    @Test(
        "the store's end takes no route away, neither at once nor later", arguments: [RouteIntent.Role.home, .backup])
    func storeDies(_ role: RouteIntent.Role) {
        var intent = Self.settled(role)
        let level = intent.level
        Self.hold(&intent, Self.when(.unreachable), from: 1100, to: 100_000)
        #expect(intent.level == level)
    }

    @Test("a backup that stays behind is the last choice, after a while; a home goes on")
    func behind() {
        var (home, backup) = (Self.settled(.home), Self.settled(.backup))
        Self.hold(&home, Self.when(.behind), from: 1100, to: 9000)
        #expect(home.level == .home)
        Self.hold(&backup, Self.when(.behind), from: 1100, to: 4000)
        #expect(backup.level == .backup)
        Self.hold(&backup, Self.when(.behind), from: 4100, to: 4200)
        #expect(backup.level == .lastResort)
        Self.hold(&backup, Self.when(), from: 4300, to: 4500)
        #expect(backup.level == .lastResort)
        Self.hold(&backup, Self.when(), from: 4600, to: 4700)
        #expect(backup.level == .backup)
    }

    @Test("packets make a backup take the calls over once, and their end a standby again; its level stays")
    func backupIsUsed() {
        var intent = Self.settled(.backup)
        #expect(Self.hold(&intent, Self.when(used: true), from: 1100, to: 2000) == 1)
        #expect(intent.state == .serving)
        #expect(intent.reason == .tookOver)
        #expect(intent.level == .backup)
        Self.hold(&intent, Self.when(), from: 2100, to: 3900)
        #expect(intent.state == .serving)
        Self.hold(&intent, Self.when(), from: 4000, to: 4100)
        #expect(intent.state == .standby)
    }

    @Test("without an answer it is the last resort, at once; and a slow rise afterwards")
    func notAnswering() {
        var intent = Self.settled(.home)
        Self.hold(&intent, Self.when(answering: false), from: 1100, to: 1100)
        #expect(intent.level == .lastResort)
        Self.hold(&intent, Self.when(), from: 1200, to: 1400)
        #expect(intent.level == .lastResort)
        #expect(Self.hold(&intent, Self.when(), from: 1500, to: 1600) == 1)
        #expect(intent.level == .home)
    }

    @Test("before the first answer nothing is announced")
    func notAnsweringYet() {
        var intent = RouteIntent(address: Self.address, role: .home)
        Self.hold(&intent, Self.when(answering: false), from: 0, to: 1000)
        #expect(intent.level == .none)
    }

    @Test("a route that comes and goes comes later every time")
    func flaps() {
        var intent = Self.settled(.home)
        var (now, times): (UInt64, [UInt64]) = (1100, [])
        for _ in 0..<4 {
            Self.hold(&intent, Self.when(answering: false), from: now, to: now)
            let fell = now
            repeat {
                now += 100
                Self.hold(&intent, Self.when(), from: now, to: now)
            } while intent.level != .home && now < 100_000
            times.append(now - fell - 100)
        }
        #expect(times == [300, 600, 1200, 2400])
    }

    @Test("draining goes by way of the last resort, and does not come back")
    func draining() {
        var intent = Self.settled(.home)
        Self.hold(&intent, Self.when(draining: true), from: 1100, to: 5000)
        #expect(intent.state == .draining)
        #expect(intent.level == .lastResort)
        intent.finishDraining()
        #expect(intent.level == .none)
        Self.hold(&intent, Self.when(draining: true), from: 5100, to: 6000)
        #expect(intent.level == .none)
        #expect(intent.reason == .drained)
    }

    @Test("draining ends with the address withdrawn, though commands are not answered just then")
    func drainsWithoutAnswer() {
        var intent = Self.settled(.home)
        Self.hold(&intent, Self.when(draining: true), from: 1100, to: 2000)
        Self.hold(&intent, Self.when(answering: false, draining: true), from: 2100, to: 2200)
        #expect(intent.level == .lastResort)
        intent.finishDraining()
        #expect(intent.level == .none)
        Self.hold(&intent, Self.when(answering: false, draining: true), from: 2300, to: 2400)
        #expect(intent.level == .none)
        Self.hold(&intent, Self.when(draining: true), from: 2500, to: 2600)
        #expect(intent.level == .none && intent.reason == .drained)
    }

    @Test("a drill lends the address and brings it back at once, with its calls")
    func drill() {
        var intent = Self.settled(.home)
        Self.hold(&intent, Self.when(lent: true), from: 1100, to: 5000)
        #expect(intent.level == .lastResort)
        intent.finishDraining()
        #expect(intent.level == .lastResort)
        #expect(Self.hold(&intent, Self.when(), from: 5100, to: 5100) == 1)
        #expect(intent.level == .home)
    }

    @Test(
        "at the last resort packets tell whether calls come here", arguments: [RouteIntent.Role.home, .backup])
    func lastResortIsUsed(_ role: RouteIntent.Role) {
        var intent = RouteIntent(address: Self.address, role: role)
        func isCarried(at milliseconds: UInt64) -> Bool {
            intent.isCarried(at: 1_000_000_000 + milliseconds * 1_000_000)
        }
        Self.hold(&intent, Self.when(.unreachable), from: 0, to: 5000)
        #expect(intent.reason == .notInStep && !isCarried(at: 5000))
        Self.hold(&intent, Self.when(.unreachable, used: true), from: 5100, to: 5200)
        #expect(intent.reason == .notInStep && isCarried(at: 5200))
        Self.hold(&intent, Self.when(.unreachable), from: 5300, to: 7100)
        #expect(isCarried(at: 7100))
        Self.hold(&intent, Self.when(.unreachable), from: 7200, to: 7200)
        #expect(!isCarried(at: 7200))
    }

    @Test("calls come to where an address is served, and not where it is withdrawn, lent or about to go")
    func carried() {
        let end: UInt64 = 7_000_000_000
        var intent = Self.settled(.home)
        #expect(intent.isCarried(at: end))
        Self.hold(&intent, Self.when(lent: true, used: true), from: 1100, to: 6000)
        #expect(!intent.isCarried(at: end))
        Self.hold(&intent, Self.when(draining: true, used: true), from: 6000, to: 6000)
        #expect(!intent.isCarried(at: end))
        #expect(!RouteIntent(address: Self.address, role: .home).isCarried(at: end))
        #expect(!Self.settled(.backup).isCarried(at: end))
    }

    @Test("a backup cannot be lent")
    func drillOfBackup() {
        var intent = Self.settled(.backup)
        Self.hold(&intent, Self.when(lent: true), from: 1100, to: 2000)
        #expect(intent.level == .backup)
    }
}
