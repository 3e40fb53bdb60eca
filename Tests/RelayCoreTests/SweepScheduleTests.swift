import Testing

@testable import RelayCore

@Suite("When calls are looked at, and pauses of the whole process")
struct SweepScheduleTests {
    private static let second: UInt64 = 1_000_000_000
    private static let start = 100 * second

    @Test("calls are looked at once a second")
    func regular() {
        var schedule = SweepSchedule(at: Self.start)
        let times = [0, Self.second - 1, Self.second, Self.second + 1, 2 * Self.second]
        #expect(times.map { schedule.isDue(at: Self.start + $0) } == [true, false, true, false, true])
        #expect(schedule.milliseconds(from: Self.start + 2 * Self.second) == 1001)
        #expect(schedule.milliseconds(from: Self.start + 5 * Self.second / 2) == 501)
        #expect(schedule.milliseconds(from: Self.start + 9 * Self.second) == 1)
    }

    @Test("a look that is more than three seconds late comes after a pause; one that is a little late does not")
    func pause() {
        /// When the schedule says that the process went on, after looks that were so late.
        func resumedAt(_ delays: UInt64...) -> UInt64 {
            var (now, schedule) = (Self.start, SweepSchedule(at: Self.start))
            _ = schedule.isDue(at: now)
            for delay in delays {
                now += SweepSchedule.interval + delay
                _ = schedule.isDue(at: now)
            }
            return schedule.resumedAt
        }
        let patience = SweepSchedule.patience
        #expect(resumedAt(0, patience, patience, 0) == 0)
        let pause = Self.start + 2 * SweepSchedule.interval + patience + 1
        #expect(resumedAt(0, patience + 1, 0) == pause)
        #expect(resumedAt(0, patience + 1, patience + 1, patience + 1) == pause, "slow, and not pausing for ever")
    }
}
