import Testing

@testable import RelayCore

@Suite("What waits at a thread's receiver")
struct BacklogControlTests {
    private static let millisecond: UInt64 = 1_000_000

    @Test("a thread that keeps up is left alone")
    func keepsUp() {
        var control = BacklogControl()
        for turn in 1...1000 as ClosedRange<UInt64> {
            #expect(control.endTurn(isBehind: false, at: turn * Self.millisecond) == .nothing)
        }
        #expect(!control.isCut)
    }

    @Test("marks are sent while there is more to read, now and then")
    func marks() {
        var control = BacklogControl()
        let steps = (100..<200).map { control.endTurn(isBehind: true, at: $0 * Self.millisecond) }
        #expect(steps.count { $0 == .mark } == 5)
        #expect(steps.allSatisfy { $0 == .mark || $0 == .nothing })
    }

    private func mark(_ milliseconds: UInt64, ahead: UInt32 = 4_000_000) -> BacklogControl.Mark {
        BacklogControl.Mark(sent: milliseconds * Self.millisecond, ahead: ahead)
    }

    @Test("a mark that is young changes nothing; an old one cuts the room to what is read in time")
    func cuts() {
        var control = BacklogControl()
        #expect(control.received(mark(1_000), at: 1_200 * Self.millisecond) == .nothing)
        // Four megabytes were read in 400 ms, and 100 ms of them may wait.
        #expect(control.received(mark(1_000), at: 1_400 * Self.millisecond) == .cut(to: 1_000_000))
        // This mark was in the queue before the cut, the other one comes from another time.
        #expect(control.received(mark(1_300), at: 1_700 * Self.millisecond) == .nothing)
        #expect(control.received(mark(1_800), at: 1_700 * Self.millisecond) == .nothing)
        #expect(control.received(mark(1_500, ahead: 2_500_000), at: 1_750 * Self.millisecond) == .cut(to: 1_000_000))
        #expect(control.isCut)
    }

    @Test("all room is given back, once, when nothing waits any more")
    func restores() {
        var control = BacklogControl()
        _ = control.received(mark(1), at: 1_000 * Self.millisecond)
        #expect(control.endTurn(isBehind: true, at: 1_001 * Self.millisecond) == .mark)
        #expect(control.endTurn(isBehind: false, at: 1_002 * Self.millisecond) == .restore)
        #expect(control.endTurn(isBehind: false, at: 1_003 * Self.millisecond) == .nothing)
    }
}
