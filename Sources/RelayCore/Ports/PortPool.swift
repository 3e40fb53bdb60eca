internal import DequeModule
internal import Synchronization
package import WireFormat

/// The RTP/RTCP port pairs of one local address: even port and the odd one after it (RFC 3550 §11).
///
/// Pairs are drawn at random over the whole range, so that nobody can guess the next call's port, and rest after use, so
/// that late packets of one call do not end up in another.
package final class PortPool: Sendable {
    /// How long a pair rests before it is drawn again, as long as there are others. Longer than any endpoint keeps
    /// sending after its call has ended.
    private static let rest: UInt64 = 20_000_000_000

    /// Where a pair is: an index into `free`, or one of the marks below.
    private static let inUse: Int32 = -1
    private static let resting: Int32 = -2
    /// Not ours to draw: another relay of the same address hands it out, or another program has it.
    private static let foreign: Int32 = -3

    /// Which of an address's pairs are drawn here. All can be reserved.
    package enum Share: Sendable {
        case all
        /// All but one in eight.
        case primary
        /// One in eight, for calls that another relay has left behind.
        case backup

        fileprivate func includes(_ pair: UInt16) -> Bool {
            switch self {
            case .all: true
            case .primary: pair % 8 != 7
            case .backup: pair % 8 == 7
            }
        }
    }

    private struct State {
        /// Pairs to draw from, in no order.
        var free: [UInt16]
        /// By pair: its index in `free`, `inUse` or `resting`.
        var places: [Int32]
        /// Oldest first. A pair that was reserved while it rested is still in here and is passed over.
        var resting: Deque<(pair: UInt16, until: UInt64)> = []
        var used = 0
    }

    /// The address whose ports these are.
    package let address: IPAddress
    /// The configured range.
    package let range: ClosedRange<UInt16>
    private let share: Share
    /// Ports that other programs have.
    private let occupied: Set<UInt16>
    private let firstPort: UInt16
    private let state: Mutex<State>
    private let clock: @Sendable () -> UInt64

    /// - Parameters:
    ///   - range: ports to use; a leading odd port and a trailing even one have no partner and stay unused.
    ///   - share: which of them are drawn here, when several relays use the address.
    ///   - occupied: ports that other programs have, and that are not drawn.
    ///   - clock: monotonic nanoseconds.
    package init(
        address: IPAddress, range: ClosedRange<UInt16>, share: Share = .all, occupied: Set<UInt16> = [],
        clock: @escaping @Sendable () -> UInt64 = { SystemClock.monotonic }
    ) {
        (self.address, self.range, self.share, self.clock) = (address, range, share, clock)
        self.occupied = occupied
        firstPort = range.lowerBound == .max ? .max : range.lowerBound + (range.lowerBound & 1)
        let pairs = range.upperBound > firstPort ? (Int(range.upperBound) - Int(firstPort) + 1) / 2 : 0
        let first = firstPort
        let free = (0..<pairs).map(UInt16.init).filter {
            share.includes($0) && !occupied.contains(first + 2 * $0) && !occupied.contains(first + 2 * $0 + 1)
        }
        var places = [Int32](repeating: Self.foreign, count: pairs)
        for (index, pair) in free.enumerated() { places[Int(pair)] = Int32(index) }
        state = Mutex(State(free: free, places: places))
    }

    /// Ports in pairs, used ones, and ones that can be drawn. Counts ports, not pairs.
    package var usage: (total: Int, used: Int, free: Int) {
        state.withLock { (2 * $0.places.count, 2 * $0.used, 2 * ($0.places.count - $0.used)) }
    }

    /// Draws a pair, or `nil` when every one is in use.
    ///
    /// - Complexity: O(1).
    package func draw() -> PortPair? {
        let now = clock()
        let pair: UInt16? = state.withLock { state in
            Self.wake(&state, at: now)
            if state.free.isEmpty { Self.wakeOldest(&state) }
            guard !state.free.isEmpty else { return nil }
            return Self.take(Int.random(in: state.free.indices), from: &state)
        }
        return pair.map { PortPair(pool: self, port: firstPort + 2 * $0) }
    }

    /// Takes one particular pair, for a call that another process or relay has set up; `nil` when it is in use or not
    /// in the range.
    ///
    /// - Complexity: O(1).
    package func reserve(_ port: UInt16) -> PortPair? {
        guard port >= firstPort, (port - firstPort) % 2 == 0 else { return nil }
        let pair = (port - firstPort) / 2
        let isTaken = state.withLock { state in
            guard Int(pair) < state.places.count, state.places[Int(pair)] != Self.inUse else { return false }
            if state.places[Int(pair)] < 0 {  // resting, or foreign
                state.places[Int(pair)] = Self.inUse
                state.used += 1
            } else {
                _ = Self.take(Int(state.places[Int(pair)]), from: &state)
            }
            return true
        }
        return isTaken ? PortPair(pool: self, port: port) : nil
    }

    /// Called by `PortPair` when its last user lets go of it.
    fileprivate func release(_ port: UInt16) {
        let until = clock() &+ Self.rest
        state.withLock { state in
            let pair = (port - firstPort) / 2
            state.used -= 1
            let isOurs = share.includes(pair) && !occupied.contains(port) && !occupied.contains(port + 1)
            guard isOurs else { return state.places[Int(pair)] = Self.foreign }
            state.places[Int(pair)] = Self.resting
            state.resting.append((pair, until))
        }
    }

    private static func take(_ index: Int, from state: inout State) -> UInt16 {
        state.free.swapAt(index, state.free.count - 1)
        let pair = state.free.removeLast()
        if index < state.free.count { state.places[Int(state.free[index])] = Int32(index) }
        state.places[Int(pair)] = inUse
        state.used += 1
        return pair
    }

    /// At most a few at a time: draws outnumber releases in the long run, so the queue cannot run ahead.
    private static func wake(_ state: inout State, at now: UInt64) {
        for _ in 0..<4 {
            guard let first = state.resting.first, first.until <= now else { return }
            wakeFirst(&state)
        }
    }

    /// Everything free is in use: the one that has rested longest has to do.
    private static func wakeOldest(_ state: inout State) {
        while state.free.isEmpty, !state.resting.isEmpty { wakeFirst(&state) }
    }

    private static func wakeFirst(_ state: inout State) {
        let (pair, _) = state.resting.removeFirst()
        guard state.places[Int(pair)] == resting else { return }
        state.places[Int(pair)] = Int32(state.free.count)
        state.free.append(pair)
    }
}

/// A pair of ports in use. Goes back to its pool when nobody holds it any more.
package final class PortPair: Sendable {
    private let pool: PortPool
    /// The RTP port; RTCP has the next one.
    package let port: UInt16

    fileprivate init(pool: PortPool, port: UInt16) { (self.pool, self.port) = (pool, port) }

    deinit { pool.release(port) }

    package var address: IPAddress { pool.address }
}
