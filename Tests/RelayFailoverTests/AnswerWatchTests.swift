import RelayFailover
import Testing

@Suite("Whether commands are answered")
struct AnswerWatchTests {
    private static let start: UInt64 = 1_000_000_000_000

    /// Milliseconds after the start.
    private static func at(_ milliseconds: UInt64) -> UInt64 { start + milliseconds * 1_000_000 }

    /// Looks at these times, in milliseconds, each time with the same last answer.
    private static func looks(_ watch: inout AnswerWatch, _ times: [UInt64], lastAnswer: UInt64) -> [Bool] {
        times.map { watch.look(at: at($0), lastAnswer: lastAnswer) }
    }

    /// One that has looked and found an answer.
    private static var answering: AnswerWatch {
        var watch = AnswerWatch()
        _ = looks(&watch, [0], lastAnswer: start)
        return watch
    }

    @Test("before the first answer nobody answers, however late the look")
    func never() {
        var watch = AnswerWatch()
        #expect(Self.looks(&watch, [0, 100, 5000, 5100], lastAnswer: 0) == [false, false, false, false])
    }

    @Test("silence counts while somebody looks")
    func silence() {
        var watch = Self.answering
        #expect(Self.looks(&watch, [100, 200, 300], lastAnswer: Self.start) == [true, true, true])
        #expect(Self.looks(&watch, [400, 500], lastAnswer: Self.start) == [false, false])
        #expect(Self.looks(&watch, [600], lastAnswer: Self.at(590)) == [true])
    }

    @Test("time in which nobody looked does not count; silence after it does")
    func stall() {
        var watch = Self.answering
        let looks = Self.looks(&watch, [1000, 1100, 1300, 1400, 1500], lastAnswer: Self.start)
        #expect(looks == [true, true, true, false, false])
    }

    @Test("an answer after the pause, and another pause")
    func again() {
        var watch = Self.answering
        #expect(Self.looks(&watch, [1000], lastAnswer: Self.start) == [true])
        #expect(Self.looks(&watch, [1100], lastAnswer: Self.at(1050)) == [true])
        #expect(Self.looks(&watch, [2100, 2200], lastAnswer: Self.at(1050)) == [true, true])
    }

    @Test("who did not answer before does not because of a pause")
    func silentBefore() {
        var watch = Self.answering
        #expect(Self.looks(&watch, [200, 400, 1400], lastAnswer: Self.start) == [true, false, false])
    }

    @Test("who always looks late still finds out")
    func alwaysLate() {
        var watch = Self.answering
        #expect(Self.looks(&watch, [350, 700, 1050, 1400], lastAnswer: Self.start) == [true, true, false, false])
    }
}
