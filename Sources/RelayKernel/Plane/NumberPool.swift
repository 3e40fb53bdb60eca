internal import DequeModule
internal import Synchronization

/// Hands out the numbers of elements that the program shares with us.
final class NumberPool: Sendable {
    /// How long a number rests before it is given out again, in nanoseconds: a packet may be in hand that still uses it.
    private static let rest: UInt64 = 1_000_000_000

    private struct State {
        /// Numbers from here on have never been given out.
        var fresh: UInt32
        /// Numbers below `fresh` that are free, oldest first.
        var free: Deque<(number: UInt32, since: UInt64)> = []
    }

    private let end: UInt32
    private let state: Mutex<State>

    /// - Parameter used: numbers that an earlier process has given out.
    init(_ numbers: Range<UInt32>, used: Set<UInt32>) {
        end = numbers.upperBound
        var state = State(fresh: used.max().map { $0 + 1 } ?? numbers.lowerBound)
        for number in numbers.lowerBound..<state.fresh where !used.contains(number) { state.free.append((number, 0)) }
        self.state = Mutex(state)
    }

    /// `nil` when all are in use.
    func take(at now: UInt64) -> UInt32? {
        state.withLock { state in
            if let oldest = state.free.first, now >= oldest.since + Self.rest {
                state.free.removeFirst()
                return oldest.number
            }
            guard state.fresh < end else { return nil }
            defer { state.fresh += 1 }
            return state.fresh
        }
    }

    func release(_ number: UInt32, at now: UInt64) { state.withLock { $0.free.append((number, now)) } }
}
