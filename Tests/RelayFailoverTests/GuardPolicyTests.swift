import RelayFailover
import Testing

@Suite("When a guarded relay is started, given up on, and hidden")
struct GuardPolicyTests {
    /// A policy with its clock: beats and looks come as they do in real life.
    private struct Scene {
        var now: UInt64 = 1_000_000_000
        var policy: GuardPolicy
        /// Everything it has asked for so far.
        var actions: [GuardPolicy.Action] = []

        init() {
            policy = GuardPolicy(now: now)
            after(20)
        }

        mutating func happens(_ event: GuardPolicy.Event) { actions += policy.handle(event, at: now) }

        /// Lets time pass, a look each 20 ms and, if it beats, a beat each 40 ms.
        mutating func after(_ milliseconds: UInt64, beating: Bool = false, carried: Bool = false) {
            for step in 0..<(milliseconds / 20) {
                now += 20_000_000
                if beating, step % 2 == 0 { happens(.beat(isCarried: carried)) }
                happens(.tick)
            }
        }

        /// What it has asked for since the last time.
        mutating func taken() -> [GuardPolicy.Action] {
            defer { actions = [] }
            return actions
        }

        /// A relay that is up.
        static func running(carried: Bool = false) -> Scene {
            var scene = Scene()
            scene.happens(.beat(isCarried: carried))
            scene.happens(.ready)
            scene.after(500, beating: true, carried: carried)
            _ = scene.taken()
            return scene
        }
    }

    @Test("starts at once, and tells the first readiness only")
    func starts() {
        var scene = Scene()
        #expect(scene.taken() == [.start])
        scene.happens(.beat(isCarried: false))
        scene.happens(.ready)
        #expect(scene.taken() == [.tellReady])
        scene.after(500, beating: true)
        scene.happens(.ended(status: 139))
        scene.after(20)
        scene.happens(.beat(isCarried: false))
        scene.happens(.ready)
        #expect(!scene.taken().contains(.tellReady))
    }

    @Test("a relay that fails before it was ever ready ends the guard with its status")
    func failsAtStart() {
        var scene = Scene()
        scene.happens(.ended(status: 2))
        #expect(scene.taken().last == .exit(status: 2))
    }

    @Test("routes go with the closing of the channel, before the system reports the end; then it starts again")
    func dies() {
        var scene = Scene.running()
        scene.happens(.closed)
        #expect(scene.taken() == [.limitRoutes(.none)])
        scene.happens(.ended(status: 137))
        #expect(scene.taken() == [.forgetRoutes])
        scene.after(20)
        #expect(scene.taken() == [.start])
        scene.after(40, beating: true)
        #expect(scene.taken() == [.limitRoutes(.home)])
    }

    @Test("with its calls in the kernel the routes stay, until it has failed too often")
    func diesCarried() {
        var scene = Scene.running(carried: true)
        scene.happens(.closed)
        scene.happens(.ended(status: 137))
        scene.after(20)
        #expect(scene.taken() == [.start])
        scene.happens(.ended(status: 1))
        scene.after(500)
        #expect(scene.taken() == [.start])
        scene.happens(.ended(status: 1))
        #expect(scene.taken() == [.limitRoutes(.none), .forgetRoutes])
    }

    @Test("a stuck relay becomes the last resort within 200 ms, and recovers slowly")
    func stuck() {
        var scene = Scene.running()
        scene.after(160)
        #expect(scene.taken() == [])
        scene.after(40)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
        scene.after(900, beating: true)
        #expect(scene.taken() == [])
        scene.after(200, beating: true)
        #expect(scene.taken() == [.limitRoutes(.home)])
    }

    @Test("a relay that stays stuck is killed; one whose calls are in the kernel keeps its routes meanwhile")
    func staysStuck() {
        var scene = Scene.running()
        scene.after(11_000)
        let actions = scene.taken()
        #expect(actions.first == .limitRoutes(.lastResort))
        #expect(actions.count == 2)
        guard case .kill? = actions.last else {
            Issue.record("it was not killed: \(actions)")
            return
        }
        var carried = Scene.running(carried: true)
        carried.after(1_100)
        #expect(carried.taken() == [])
        carried.after(200)
        let (early, count) = (carried.taken(), carried.actions.count)
        #expect(early.count == 1 && count == 0)
    }

    @Test("time in which the guard itself did not run is not held against the relay")
    func ownStall() {
        var scene = Scene.running()
        scene.now += 700_000_000
        scene.happens(.tick)
        scene.after(100)
        #expect(scene.taken() == [])
        scene.after(200)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
    }

    @Test("asked to end it passes that on, waits, and ends with the relay's status")
    func stops() {
        var scene = Scene.running()
        scene.happens(.stopRequested(signal: 15))
        #expect(scene.taken() == [.signal(15)])
        scene.after(300, beating: true)
        scene.happens(.closed)
        scene.happens(.ended(status: 0))
        #expect(scene.taken() == [.limitRoutes(.none), .exit(status: 0)])
        scene.after(1000)
        #expect(scene.taken() == [])
    }

    @Test("a relay that was asked to end before it listened to signals has ended well")
    func stopsWhileStarting() {
        var scene = Scene()
        scene.happens(.stopRequested(signal: 15))
        scene.happens(.ended(status: 143))
        #expect(scene.taken().last == .exit(status: 0))
    }

    @Test("a relay that leaves by itself is not started again")
    func leaves() {
        var scene = Scene.running()
        scene.happens(.leaving)
        scene.happens(.ended(status: 1))
        #expect(scene.taken() == [.limitRoutes(.none), .exit(status: 1)])
    }

    @Test("pauses grow while it fails, and are forgotten after it has run well")
    func backOff() {
        var scene = Scene.running()
        var pauses: [UInt64] = []
        for _ in 0..<8 {
            scene.happens(.ended(status: 1))
            let ended = scene.now
            while !scene.taken().contains(.start) { scene.after(20) }
            pauses.append((scene.now - ended) / 1_000_000)
        }
        #expect(pauses == [20, 200, 500, 1000, 2000, 5000, 5000, 5000])
        scene.happens(.beat(isCarried: false))
        scene.happens(.ready)
        scene.after(11_000, beating: true)
        #expect(scene.policy.status.failures == 0)
    }

    @Test("asked to end between two relays it ends at once")
    func stopsWhileWaiting() {
        var scene = Scene.running()
        for _ in 0..<3 {
            scene.happens(.ended(status: 1))
            scene.after(20)
        }
        scene.happens(.ended(status: 1))
        scene.happens(.stopRequested(signal: 15))
        #expect(scene.taken().last == .exit(status: 0))
    }
}
