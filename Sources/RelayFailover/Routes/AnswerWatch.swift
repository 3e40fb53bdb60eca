/// Whether commands are answered, by the time of the last answer. A value; time is nanoseconds of the monotonic clock.
package struct AnswerWatch: Equatable, Sendable {
    /// Without an answer for so long nobody answers. The guard is quicker.
    package static let limit: UInt64 = 400_000_000
    /// A look that comes so late says that nothing ran meanwhile (a snapshot of the machine, a host without time for it):
    /// neither whoever looks nor whoever answers.
    private static let ownStall: UInt64 = 300_000_000

    private var lastLook: UInt64 = 0
    private var isAnswering = false
    /// Silence counts from here, if it is later than the last answer.
    private var resumed: UInt64 = 0
    /// The answer after which such a time was left out. One for each answer: whoever is always late still gets to see that
    /// nobody answers.
    private var excused: UInt64 = 0

    package init() {}

    /// Looks, several times a second.
    ///
    /// - Parameter lastAnswer: when the last answer was; 0 for never.
    package mutating func look(at now: UInt64, lastAnswer: UInt64) -> Bool {
        if isAnswering, now > lastLook &+ Self.ownStall, lastAnswer != excused {
            (resumed, excused) = (now, lastAnswer)
        }
        lastLook = now
        isAnswering = lastAnswer > 0 && now &- min(now, max(lastAnswer, resumed)) < Self.limit
        return isAnswering
    }
}
