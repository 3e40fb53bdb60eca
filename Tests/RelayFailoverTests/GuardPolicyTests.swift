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

        /// What would become of its calls.
        var safety = CallSafety()
        /// What the process does when it is looked at, for a share of the time.
        var doing: (runnable: Int, processorShare: Double, isTraced: Bool) = (0, 0, false)
        private var processorTime: UInt64 = 0

        /// Lets time pass, a look each 20 ms and, if it beats, a beat each 40 ms.
        mutating func after(_ milliseconds: UInt64, beating: Bool = false) {
            for step in 0..<(milliseconds / 20) {
                now += 20_000_000
                processorTime += UInt64(20_000_000 * doing.processorShare)
                if beating, step % 2 == 0 { happens(.beat(safety)) }
                happens(.tick)
                guard actions.last == .look else { continue }
                actions.removeLast()
                let look = ProcessLook(
                    isTraced: doing.isTraced, runnable: doing.runnable, processorTime: processorTime)
                happens(.looked(look))
            }
        }

        /// After how many milliseconds of silence it is killed; at most 20,000.
        mutating func timeToKill() -> UInt64 {
            for step in 1...1000 {
                after(20)
                if taken().contains(where: { if case .kill = $0 { true } else { false } }) { return UInt64(step) * 20 }
            }
            return .max
        }

        /// What it has asked for since the last time.
        mutating func taken() -> [GuardPolicy.Action] {
            defer { actions = [] }
            return actions
        }

        /// A relay that is up.
        static func running(_ safety: CallSafety = CallSafety()) -> Scene {
            var scene = Scene()
            scene.safety = safety
            scene.happens(.beat(safety))
            scene.happens(.ready)
            scene.after(500, beating: true)
            _ = scene.taken()
            return scene
        }
    }

    @Test("starts at once, and tells the first readiness only")
    func starts() {
        var scene = Scene()
        #expect(scene.taken() == [.start])
        scene.happens(.beat(CallSafety()))
        scene.happens(.ready)
        #expect(scene.taken() == [.tellReady])
        scene.after(500, beating: true)
        scene.happens(.ended(status: 139))
        scene.after(20)
        scene.happens(.beat(CallSafety()))
        scene.happens(.ready)
        #expect(!scene.taken().contains(.tellReady))
    }

    @Test("a relay that fails before it was ever ready ends the guard with its status")
    func failsAtStart() {
        var scene = Scene()
        scene.happens(.ended(status: 2))
        #expect(scene.taken().last == .exit(status: 2))
    }

    @Test("one that was ready and fails before its first sign of life is started again") func failsWhenJustReady() {
        var scene = Scene()
        _ = scene.taken()
        scene.happens(.ready)
        scene.happens(.closed)
        scene.happens(.ended(status: 137))
        scene.after(20)
        #expect(scene.taken().contains(.start))
    }

    @Test("signals that would end a program are passed on only to a relay that knows them")
    func signals() {
        var scene = Scene()
        #expect(!scene.policy.takesSignals)
        scene.happens(.ready)
        #expect(scene.policy.takesSignals)
        scene.after(40, beating: true)
        #expect(scene.policy.takesSignals)
        scene.happens(.closed)
        #expect(!scene.policy.takesSignals)
        scene.happens(.ended(status: 137))
        scene.after(20)
        #expect(scene.taken().contains(.start))
        #expect(!scene.policy.takesSignals)
    }

    @Test("routes go with the closing of the channel, before the system reports the end; then it starts again")
    func dies() {
        var scene = Scene.running()
        scene.happens(.closed)
        #expect(scene.taken() == [.limitRoutes(.none)])
        scene.happens(.ended(status: 137))
        #expect(scene.taken() == [.forgetRoutes(above: .none)])
        scene.after(20)
        #expect(scene.taken() == [.start])
        scene.after(40, beating: true)
        #expect(scene.taken() == [.limitRoutes(.home)])
    }

    @Test("with its calls in the kernel the routes stay, until it has failed too often")
    func diesCarried() {
        var scene = Scene.running(CallSafety(isCarried: true))
        scene.happens(.closed)
        scene.happens(.ended(status: 137))
        scene.after(20)
        #expect(scene.taken() == [.start])
        scene.happens(.ended(status: 1))
        scene.after(500)
        #expect(scene.taken() == [.start])
        scene.happens(.ended(status: 1))
        #expect(scene.taken() == [.limitRoutes(.none), .forgetRoutes(above: .none)])
    }

    @Test("where no other relay could go on, the routes stay as the last resort, until it has failed too often")
    func diesAlone() {
        var scene = Scene.running(CallSafety(isShared: true, isAlone: true))
        scene.happens(.closed)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
        scene.happens(.ended(status: 137))
        #expect(scene.taken() == [.forgetRoutes(above: .lastResort)])
        scene.after(20)
        #expect(scene.taken() == [.start])
        scene.after(40, beating: true)
        // What the relay before has wanted is forgotten: it is for the new one to say when it is more than that.
        #expect(scene.taken() == [.limitRoutes(.home)])
        for left in [RouteLevel.lastResort, .none] {
            scene.happens(.closed)
            #expect(scene.taken() == [.limitRoutes(.lastResort)])
            scene.happens(.ended(status: 1))
            #expect(scene.taken() == (left == .none ? [.limitRoutes(left)] : []) + [.forgetRoutes(above: left)])
            scene.after(600)
            scene.after(40, beating: true)
            _ = scene.taken()
        }
    }

    @Test("a relay that hangs and is ended stays the last resort where there is no other")
    func hangsAlone() {
        var scene = Scene.running(CallSafety(isShared: true, isAlone: true))
        scene.after(200)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
        #expect((800...900).contains(scene.timeToKill()))
        scene.happens(.closed)
        scene.happens(.ended(status: 137))
        #expect(scene.taken() == [.forgetRoutes(above: .lastResort)])
    }

    @Test("a relay that was asked to end withdraws its routes, alone or not")
    func leavesAlone() {
        var scene = Scene.running(CallSafety(isAlone: true))
        scene.happens(.stopRequested(signal: 15))
        scene.happens(.closed)
        #expect(scene.taken() == [.signal(15), .limitRoutes(.none)])
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
        scene.after(200)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
        #expect((3_000...3_100).contains(scene.timeToKill()))
        var carried = Scene.running(CallSafety(isCarried: true))
        carried.after(200)
        #expect(carried.taken() == [])
        #expect((800...900).contains(carried.timeToKill()))
    }

    @Test("a relay that has said that it ends may take its time for what is left, but not for ever")
    func leavesSlowly() {
        var scene = Scene.running(CallSafety(isShared: true))
        scene.happens(.stopRequested(signal: 15))
        scene.happens(.leaving)
        #expect((10_000...10_300).contains(scene.timeToKill()))
        scene.happens(.ended(status: 0))
        #expect(scene.taken().last == .exit(status: 0))
    }

    @Test("one that survives being killed is the last resort, though its calls are in the kernel, until it is gone")
    func cannotBeKilled() {
        var scene = Scene.running(CallSafety(isCarried: true))
        #expect(scene.timeToKill() < 1_200)
        scene.after(1_000)
        #expect(scene.taken() == [.limitRoutes(.lastResort), .kill(why: "it gives no sign of life")])
        scene.after(1_000)
        #expect(scene.taken() == [.kill(why: "it gives no sign of life")])
        scene.happens(.ended(status: 137))
        scene.after(20)
        scene.after(40, beating: true)
        #expect(scene.taken().last == .limitRoutes(.home))
        // The next one gets a fresh count.
        scene.after(200)
        #expect(scene.timeToKill() < 1_200)
        #expect(scene.taken() == [])
    }

    @Test("one that hangs at its start is the last resort after five seconds, though calls are in the kernel")
    func hangsAtStart() {
        var scene = Scene.running(CallSafety(isCarried: true))
        scene.happens(.ended(status: 137))
        scene.after(4_900)
        #expect(scene.taken() == [.start])
        scene.after(200)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
        scene.after(114_000)
        #expect(scene.taken() == [])
        scene.after(40, beating: true)
        #expect(scene.taken() == [.limitRoutes(.home)])
    }

    @Test("a slow start after too many failures brings no route back")
    func startsSlowlyAfterFailures() {
        var scene = Scene.running()
        scene.happens(.ended(status: 137))
        scene.after(6_000)
        #expect(scene.taken() == [.limitRoutes(.none), .forgetRoutes(above: .none), .start])
    }

    @Test(
        "who holds a process: a debugger, or the kernel that takes its core",
        arguments: [
            ("Name:\trelayd\nTracerPid:\t0\nCoreDumping:\t0\nThreads:\t9\n", false),
            ("Name:\trelayd\nTracerPid:\t4711\nCoreDumping:\t0\nThreads:\t9\n", true),
            ("Name:\trelayd\nTracerPid:\t0\nCoreDumping:\t1\nThreads:\t9\n", true),
            ("Name:\trelayd\nTracerPid:\t0\n", false), ("", false),
        ])
    func isTraced(_ status: String, _ expected: Bool) {
        #expect(ProcessLook.isTraced(accordingTo: status) == expected)
    }

    @Test("one whose calls the next process finds in the store is ended within a second; any that is ended is so once")
    func staysStuckShared() {
        var scene = Scene.running(CallSafety(isShared: true))
        #expect((980...1_100).contains(scene.timeToKill()))
        scene.after(600)
        #expect(scene.taken() == [])
    }

    @Test(
        "one that is kept from running gets much time, one that computes some, one that sleeps none",
        arguments: [
            // Runnable threads, the share of a processor that they get, a debugger; milliseconds.
            (0, 0.0, false, 1_000...1_100), (1, 1.0, false, 3_100...3_300), (2, 1.9, false, 3_100...3_300),
            (1, 0.1, false, 10_100...10_300), (3, 1.0, false, 10_100...10_300), (0, 0, true, 10_100...10_300),
        ] as [(Int, Double, Bool, ClosedRange<UInt64>)])
    func patience(_ runnable: Int, _ share: Double, _ isTraced: Bool, _ expected: ClosedRange<UInt64>) {
        var scene = Scene.running(CallSafety(isShared: true))
        scene.doing = (runnable, share, isTraced)
        let time = scene.timeToKill()
        #expect(expected.contains(time), "\(time)")
    }

    @Test("one that is stuck again and again keeps away from its addresses for longer and longer")
    func flaps() {
        var scene = Scene.running(CallSafety(isShared: true))
        var times: [UInt64] = []
        for _ in 0..<7 {
            scene.after(240)
            #expect(scene.taken() == [.limitRoutes(.lastResort)])
            var time: UInt64 = 0
            while scene.taken().isEmpty {
                scene.after(20, beating: true)
                time += 20
                guard time < 60_000 else { break }
            }
            times.append(time / 1000)
        }
        #expect(times == [1, 2, 4, 8, 16, 30, 30])
        scene.after(70_000, beating: true)
        scene.after(240)
        _ = scene.taken()
        scene.after(1_100, beating: true)
        #expect(scene.taken() == [.limitRoutes(.home)])
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

    @Test("nor is a pause of the machine against one that had just been found silent")
    func ownStallOfStuck() {
        var scene = Scene.running()
        scene.after(200)
        #expect(scene.taken() == [.limitRoutes(.lastResort)])
        scene.now += 5_000_000_000
        scene.happens(.tick)
        scene.after(100)
        #expect(!scene.taken().contains(.kill(why: "it gives no sign of life")))
        scene.after(2000, beating: true)
        #expect(!scene.policy.status.isStuck)
        #expect((3000...3300).contains(scene.timeToKill()), "unless it goes on hanging")
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

    @Test("one that hangs while it starts, and was asked to end, is ended as soon as others would be")
    func hangsWhileStarting() {
        var scene = Scene()
        scene.happens(.stopRequested(signal: 15))
        #expect((10_000...10_300).contains(scene.timeToKill()))
        scene.after(9000)
        #expect(scene.taken() == [], "once, while the system has not reported its end")
        #expect((900...1100).contains(scene.timeToKill()))
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
        scene.happens(.beat(CallSafety()))
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
