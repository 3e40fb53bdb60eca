package import WireFormat

/// Runs a command for each change of a route, one at a time; of several changes of one address that wait only the last is
/// carried out. A value: what to start and what to end come out, the owner does it.
package struct CommandQueue: Equatable, Sendable {
    /// A command that runs longer is ended. Nanoseconds.
    package static let limit: UInt64 = 5_000_000_000

    package enum Step: Equatable, Sendable {
        case start(IPAddress, RouteLevel)
        /// It takes too long.
        case kill(Int32)
    }

    private var waiting: [(address: IPAddress, level: RouteLevel)] = []
    private var running: (process: Int32, address: IPAddress, since: UInt64)?

    package init() {}

    package static func == (one: CommandQueue, other: CommandQueue) -> Bool {
        one.waiting.elementsEqual(other.waiting) { $0 == $1 } && one.running?.process == other.running?.process
    }

    package mutating func add(_ address: IPAddress, _ level: RouteLevel) {
        waiting.removeAll { $0.address == address }
        waiting.append((address, level))
    }

    /// What to do now, if anything; a `start` is to be followed by `started`.
    package mutating func next(at now: UInt64) -> Step? {
        if let process = running?.process, let since = running?.since {
            guard now &- since >= Self.limit else { return nil }
            running?.since = now  // once for each limit, until its end is reported
            return .kill(process)
        }
        guard !waiting.isEmpty else { return nil }
        let (address, level) = waiting.removeFirst()
        return .start(address, level)
    }

    package mutating func started(_ process: Int32, for address: IPAddress, at now: UInt64) {
        running = (process, address, now)
    }

    /// A child has ended; the address that it was for, or `nil` when it was none of ours.
    package mutating func ended(_ process: Int32) -> IPAddress? {
        guard let address = running?.address, running?.process == process else { return nil }
        running = nil
        return address
    }

    /// Whether nothing runs and nothing waits.
    package var isIdle: Bool { running == nil && waiting.isEmpty }
}
