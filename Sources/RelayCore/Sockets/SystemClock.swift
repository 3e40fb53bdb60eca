internal import CLinux

/// The kernel's clocks, in nanoseconds.
package enum SystemClock {
    /// Time that only goes forward, for intervals.
    package static var monotonic: UInt64 { clinux_monotonic_ns() }
    /// Time since the epoch, for people.
    package static var wall: UInt64 { clinux_realtime_ns() }

    /// Seconds with six decimals, as rtpengine writes times.
    package static func secondsText(microseconds: UInt64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}
