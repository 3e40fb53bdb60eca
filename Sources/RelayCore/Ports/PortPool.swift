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

    /// Where a pair is: an index into the free ones of its lane, or one of the marks below.
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
        /// By lane: pairs to draw from, in no order.
        var free: [[UInt16]]
        /// By pair: its index among the free ones of its lane, `inUse` or `resting`.
        var places: [Int32]
        /// Oldest first. A pair that was reserved while it rested is still in here and is passed over.
        var resting: Deque<(pair: UInt16, until: UInt64)> = []
        /// How many entries of `resting` are to be passed over, by pair: it may rest again already, and then for longer.
        var stale: [UInt16: Int] = [:]
        var used = 0
        /// Pairs that are neither in use nor ours to draw.
        var foreign = 0

        var hasFree: Bool { free.contains { !$0.isEmpty } }
    }

    /// The address whose ports these are.
    package let address: IPAddress
    /// The configured range.
    package let range: ClosedRange<UInt16>
    private let share: Share
    /// Ports that other programs have.
    private let occupied: Set<UInt16>
    private let firstPort: UInt16
    private let lanes: PortLanes
    private let state: Mutex<State>
    private let clock: @Sendable () -> UInt64

    /// - Parameters:
    ///   - range: ports to use; a leading odd port and a trailing even one have no partner and stay unused.
    ///   - share: which of them are drawn here, when several relays use the address.
    ///   - occupied: ports that other programs have, and that are not drawn.
    ///   - lanes: which media threads they are meant for.
    ///   - clock: monotonic nanoseconds.
    package init(
        address: IPAddress, range: ClosedRange<UInt16>, share: Share = .all, occupied: Set<UInt16> = [],
        lanes: PortLanes = .single, clock: @escaping @Sendable () -> UInt64 = { SystemClock.monotonic }
    ) {
        (self.address, self.range, self.share, self.lanes, self.clock) = (address, range, share, lanes, clock)
        self.occupied = occupied
        let firstPort = range.lowerBound == .max ? .max : range.lowerBound + (range.lowerBound & 1)
        let pairs = range.upperBound > firstPort ? (Int(range.upperBound) - Int(firstPort) + 1) / 2 : 0
        self.firstPort = firstPort
        var free = [[UInt16]](repeating: [], count: lanes.count)
        var places = [Int32](repeating: Self.foreign, count: pairs)
        for pair in (0..<pairs).map(UInt16.init) where share.includes(pair) {
            let port = firstPort + 2 * pair
            guard !occupied.contains(port), !occupied.contains(port + 1) else { continue }
            let lane = lanes.lane(of: port)
            places[Int(pair)] = Int32(free[lane].count)
            free[lane].append(pair)
        }
        state = Mutex(State(free: free, places: places, foreign: places.count { $0 == Self.foreign }))
    }

    /// Ports in pairs, used ones, and ones that can be drawn. Counts ports, not pairs.
    package var usage: (total: Int, used: Int, free: Int) {
        state.withLock { (2 * $0.places.count, 2 * $0.used, 2 * ($0.places.count - $0.used - $0.foreign)) }
    }

    /// Draws a pair, or `nil` when every one is in use.
    ///
    /// - Parameter worker: the media thread it is for. When all that are meant for it are taken or at rest, it gets one of
    ///   another's: that costs some speed, a port that has not rested could bring in another call's packets.
    /// - Complexity: O(1), or O(lanes) when a thread has run out.
    package func draw(for worker: UInt16 = 0) -> PortPair? {
        let now = clock()
        let pair: UInt16? = state.withLock { state in
            wake(&state, at: now)
            var lane = Int(worker) % lanes.count
            if state.free[lane].isEmpty {
                if !state.hasFree { wakeOldest(&state) }
                lane = state.free.indices.max { state.free[$0].count < state.free[$1].count } ?? lane
            }
            guard !state.free[lane].isEmpty else { return nil }
            return Self.take(Int.random(in: state.free[lane].indices), of: lane, from: &state)
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
                if state.places[Int(pair)] == Self.foreign {
                    state.foreign -= 1
                } else {
                    state.stale[pair, default: 0] += 1
                }
                state.places[Int(pair)] = Self.inUse
                state.used += 1
            } else {
                _ = Self.take(Int(state.places[Int(pair)]), of: lanes.lane(of: port), from: &state)
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
            guard isOurs else {
                state.places[Int(pair)] = Self.foreign
                state.foreign += 1
                return
            }
            state.places[Int(pair)] = Self.resting
            state.resting.append((pair, until))
        }
    }

    private static func take(_ index: Int, of lane: Int, from state: inout State) -> UInt16 {
        state.free[lane].swapAt(index, state.free[lane].count - 1)
        let pair = state.free[lane].removeLast()
        if index < state.free[lane].count { state.places[Int(state.free[lane][index])] = Int32(index) }
        state.places[Int(pair)] = inUse
        state.used += 1
        return pair
    }

    /// At most a few at a time: draws outnumber releases in the long run, so the queue cannot run ahead.
    private func wake(_ state: inout State, at now: UInt64) {
        for _ in 0..<4 {
            guard let first = state.resting.first, first.until <= now else { return }
            wakeFirst(&state)
        }
    }

    /// Everything free is in use: the one that has rested longest has to do.
    private func wakeOldest(_ state: inout State) {
        while !state.hasFree, !state.resting.isEmpty { wakeFirst(&state) }
    }

    private func wakeFirst(_ state: inout State) {
        let (pair, _) = state.resting.removeFirst()
        if let stale = state.stale[pair] {
            state.stale[pair] = stale > 1 ? stale - 1 : nil
            return
        }
        let lane = lanes.lane(of: firstPort + 2 * pair)
        state.places[Int(pair)] = Int32(state.free[lane].count)
        state.free[lane].append(pair)
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
