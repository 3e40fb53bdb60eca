/// For how long something that has failed has to be well before it counts as well again: the longer, the more often it has
/// failed lately. Routers punish routes that come and go, and so do callers. A value; time is nanoseconds.
package struct Damping: Equatable, Sendable {
    /// After the first failure. It doubles with every further one.
    private let first: UInt64
    private let longest: UInt64
    /// Without a failure for so long, the next one is a first one.
    private let memory: UInt64
    private var lastFall: UInt64?
    /// What is waited for now.
    package private(set) var pause: UInt64

    package init(first: UInt64, longest: UInt64, memory: UInt64) {
        (self.first, self.longest, self.memory, pause) = (first, longest, memory, first)
    }

    /// It has failed.
    package mutating func fell(at now: UInt64) {
        if let lastFall, now &- lastFall < memory { pause = min(longest, pause &* 2) } else { pause = first }
        lastFall = now
    }
}
