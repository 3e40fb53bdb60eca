/// Why a stream stays in user space that could be in the kernel.
enum NoRoom: String, CaseIterable, Sendable {
    /// All flows or counters are in use, or rest.
    case full
    /// As many flows as the program follows lead on from the same place.
    case crowded
}

/// How many, for each reason.
struct NoRoomCounts: Equatable, Sendable {
    private var full = 0
    private var crowded = 0

    subscript(_ reason: NoRoom) -> Int {
        get { reason == .full ? full : crowded }
        set { if reason == .full { full = newValue } else { crowded = newValue } }
    }

    var total: Int { full + crowded }

    static func += (sum: inout Self, other: Self) {
        sum.full += other.full
        sum.crowded += other.crowded
    }
}

/// Tells when something runs short, and when it is enough again: once each time, however often it comes and goes meanwhile.
/// A value without a clock.
struct ShortageWatch {
    /// How long there has to be enough of it, in nanoseconds.
    private static let relief: UInt64 = 10_000_000_000

    enum News: Equatable { case begins, ends }

    /// When it was last short; `nil` while there is enough.
    private var since: UInt64?

    mutating func look(isShort: Bool, at now: UInt64) -> News? {
        if isShort {
            defer { since = now }
            return since == nil ? .begins : nil
        }
        guard let last = since, now >= last &+ Self.relief else { return nil }
        since = nil
        return .ends
    }
}
