internal import Synchronization

/// Hands out the numbers of elements that the program shares with us.
final class NumberPool: Sendable {
    /// How long a number rests before it is given out again, in nanoseconds: a packet may be in hand that still uses it.
    private static let rest: UInt64 = 1_000_000_000

    private struct State {
        /// What is known of each number, from the first on.
        var uses: [Use]
        /// How many are in use.
        var taken: Int
        /// Where to look first when anyone will do.
        var cursor = 0
        /// Before that, in nanoseconds, none will be free: nobody has to look.
        var noneBefore: UInt64 = 0
    }

    /// When a number was released, in nanoseconds; 0 when it has never been given out.
    private struct Use {
        private static let inUse = UInt64.max
        private var since: UInt64 = 0

        static let taken = Use(since: inUse)
        static func released(at now: UInt64) -> Use { Use(since: now) }
        init() {}
        private init(since: UInt64) { self.since = since }
        /// In nanoseconds; never while it is in use.
        var freeFrom: UInt64 { since == 0 || since == Self.inUse ? since : since + NumberPool.rest }
        func isFree(at now: UInt64) -> Bool { freeFrom != Self.inUse && now >= freeFrom }
    }

    private let numbers: Range<UInt32>
    private let state: Mutex<State>

    /// - Parameter used: numbers that an earlier process has given out.
    init(_ numbers: Range<UInt32>, used: Set<UInt32>) {
        self.numbers = numbers
        var uses = [Use](repeating: Use(), count: numbers.count)
        for number in used where numbers.contains(number) { uses[Int(number - numbers.lowerBound)] = .taken }
        state = Mutex(State(uses: uses, taken: used.count { numbers.contains($0) }))
    }

    /// One of the preferred numbers if it is free, else any that is; `nil` when all are in use or at rest.
    func take(at now: UInt64, preferring preferred: [UInt32] = []) -> UInt32? {
        state.withLock { state in
            func take(_ place: Int) -> UInt32? {
                guard state.uses[place].isFree(at: now) else { return nil }
                state.uses[place] = .taken
                state.taken += 1
                return numbers.lowerBound + UInt32(place)
            }
            for number in preferred where numbers.contains(number) {
                if let taken = take(Int(number - numbers.lowerBound)) { return taken }
            }
            guard state.taken < state.uses.count, now >= state.noneBefore else { return nil }
            var earliest = UInt64.max
            for step in 0..<state.uses.count {
                let place = (state.cursor + step) % state.uses.count
                guard let taken = take(place) else {
                    earliest = min(earliest, state.uses[place].freeFrom)
                    continue
                }
                state.cursor = place + 1
                return taken
            }
            state.noneBefore = earliest
            return nil
        }
    }

    func release(_ number: UInt32, at now: UInt64) {
        state.withLock { state in
            let use = Use.released(at: now)
            state.uses[Int(number - numbers.lowerBound)] = use
            state.noneBefore = min(state.noneBefore, use.freeFrom)
            state.taken -= 1
        }
    }
}
