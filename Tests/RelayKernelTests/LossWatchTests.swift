import Testing

@testable import RelayKernel

@Suite("Frames that interfaces lose")
struct LossWatchTests {
    private struct Scene {
        var watch = LossWatch(span: 4)
        var forwarded: UInt64 = 0
        var traffic: [UInt32: (sent: UInt32, failed: UInt32, xdp: UInt64)] = [1: (.max - 20, 7, 0), 2: (0, 0, 3)]

        /// A quarter of a second later.
        mutating func look(_ change: (inout Scene) -> Void = { _ in }) -> [LossWatch.Loss] {
            change(&self)
            let interfaces = traffic.map { index, counters in
                InterfaceTraffic(
                    index: index, name: "if\(index)", sent: counters.sent, failed: counters.failed,
                    xdpErrors: counters.xdp)
            }
            return watch.look(interfaces, forwarded: forwarded)
        }

        /// So many packets are forwarded through an interface, of which some are lost.
        mutating func forward(_ packets: UInt32, through index: UInt32, losing: UInt32 = 0, byXDP: Bool = false) {
            forwarded += UInt64(packets)
            traffic[index]!.sent &+= packets - losing  // `!`: of the two above
            if byXDP { traffic[index]!.xdp += UInt64(losing) } else { traffic[index]!.failed += losing }
        }
    }

    @Test("what was lost before anything was forwarded does not count")
    func before() {
        var scene = Scene()
        #expect(scene.look().isEmpty)
        #expect(scene.look({ $0.traffic[1] = (.max, 1000, 0) }).isEmpty, "nothing forwarded: not ours")
        for _ in 0..<10 { #expect(scene.look({ $0.forward(100, through: 1) }).isEmpty) }
    }

    @Test("one stream of 25 packets a second that is lost is found within a second", arguments: [false, true])
    func oneStream(_ byXDP: Bool) {
        var scene = Scene()
        _ = scene.look()
        let found = (1...4).map { _ in scene.look { $0.forward(6, through: 1, losing: 6, byXDP: byXDP) } }
        #expect(found.map { $0.map(\.frames) } == [[], [12], [], [12]], "and what was said is not said again")
    }

    @Test("an interface that loses all is not excused by another that carries a thousand times as much")
    func perInterface() {
        var scene = Scene()
        _ = scene.look()
        let found = scene.look {
            $0.forward(12_000, through: 2)
            $0.forward(12, through: 1, losing: 12)
        }
        #expect(found == [LossWatch.Loss(index: 1, name: "if1", frames: 12)])
    }

    @Test("what overload costs is no reason, and a stream of losses is said once a while")
    func overload() {
        var scene = Scene()
        _ = scene.look()
        for _ in 0..<20 { #expect(scene.look({ $0.forward(1000, through: 2, losing: 49) }).isEmpty) }
        #expect(!scene.look({ $0.forward(1000, through: 2, losing: 900) }).isEmpty)
        #expect(scene.look().isEmpty)
    }

    @Test("a driver that begins to count anew has lost nothing")
    func reset() {
        var scene = Scene()
        _ = scene.look()
        #expect(scene.look({ $0.traffic[1]!.failed = 1000 }).isEmpty)  // `!`: of the two above
        let found = scene.look {
            $0.forward(100, through: 1)
            $0.traffic[1] = (100, 0, 0)
        }
        #expect(found.isEmpty)
    }

    @Test("a new interface begins with its own counters")
    func newInterface() {
        var scene = Scene()
        _ = scene.look()
        #expect(scene.look({ $0.traffic[3] = (0, 5000, 0) }).isEmpty)
        #expect(scene.look({ $0.forward(10, through: 3) }).isEmpty)
    }
}
