internal import CLinux

/// The kernel's clocks, in nanoseconds.
package enum SystemClock {
    /// Time that only goes forward, for intervals.
    package static var monotonic: UInt64 { clinux_monotonic_ns() }
    /// Time since the epoch, for people.
    package static var wall: UInt64 { clinux_realtime_ns() }
}
