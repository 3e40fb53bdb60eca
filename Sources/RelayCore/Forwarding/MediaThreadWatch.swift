/// Notices media threads that do not come round any more: each is asked to come for commands, and gets so long. A value:
/// what the threads have done and time go in. Time is nanoseconds of the monotonic clock.
package struct MediaThreadWatch: Sendable {
    /// A round takes a millisecond; a thread that has not ended its own after so long forwards nothing.
    package static let limit: UInt64 = 150_000_000
    /// A look that comes so late says that its own thread did not run, and nothing of the others.
    private static let ownStall: UInt64 = 120_000_000

    private var asked: [(visits: UInt64, since: UInt64)] = []
    private var lastLook: UInt64 = 0

    package init() {}

    /// Looks at what the threads have done, each of which has just been asked to come round; several times a second.
    ///
    /// - Parameter visits: for each thread, how often it had come for commands when it was asked.
    /// - Returns: the number of a thread that hangs.
    package mutating func look(_ visits: [UInt64], at now: UInt64) -> Int? {
        let hasStalled = now &- lastLook >= Self.ownStall
        lastLook = now
        while asked.count < visits.count { asked.append((visits: .max, since: now)) }
        for (thread, count) in visits.enumerated() where hasStalled || asked[thread].visits != count {
            asked[thread] = (count, now)
        }
        return visits.indices.first { now &- asked[$0].since >= Self.limit }
    }
}
