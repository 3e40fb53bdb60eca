/// When all calls are looked at next, and whether the look before that is so long ago that this process has not run meanwhile:
/// a machine that was stopped for a snapshot, or moved to another host; `docker pause`.
///
/// What comes in such a pause waits at the sockets. Housekeeping may be awake before the media threads have read it, and must
/// not take a call for silent that it has only not heard.
///
/// A value without clock. Time is nanoseconds of the monotonic clock.
struct SweepSchedule {
    /// Between two looks at all calls.
    static let interval: UInt64 = 1_000_000_000
    /// A look that is later than this was kept from running, and so was everything else: a busy machine keeps no thread
    /// waiting for so long. Much less than the silence that ends a call.
    static let patience: UInt64 = 3_000_000_000

    private var next: UInt64
    private var wasLate = false
    /// The end of the last pause; 0 before the first.
    private(set) var resumedAt: UInt64 = 0

    /// The first look is due at once.
    init(at now: UInt64) { next = now }

    /// Whether calls are to be looked at now; takes note of a pause.
    mutating func isDue(at now: UInt64) -> Bool {
        guard now >= next else { return false }
        // One look that is late after the other is no pause, but a machine on which looks take so long.
        let isLate = now - next > Self.patience
        if isLate, !wasLate { resumedAt = now }
        (wasLate, next) = (isLate, now &+ Self.interval)
        return true
    }

    /// How long to wait for the next look, in milliseconds.
    func milliseconds(from now: UInt64) -> Int32 {
        Int32(truncatingIfNeeded: min(Self.interval, next &- min(now, next)) / 1_000_000) + 1
    }
}
