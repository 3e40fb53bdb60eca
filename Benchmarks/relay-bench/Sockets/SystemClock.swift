import CBench
import CLinux

/// The kernel's clocks, in nanoseconds.
enum SystemClock {
    /// For pacing and durations.
    static var monotonic: UInt64 { clinux_monotonic_ns() }

    /// For stamps that are compared with the kernel's own, which are in real time.
    static var realTime: UInt64 { clinux_realtime_ns() }

    /// Sleeps until the monotonic clock reaches `deadline`, or a signal arrives.
    static func sleep(until deadline: UInt64) { cbench_sleep_until(deadline) }

    static func sleep(milliseconds: UInt64) { cbench_sleep_until(clinux_monotonic_ns() + milliseconds * 1_000_000) }

    /// Makes the calling thread's sleeps as exact as the kernel can.
    static func useFineTimers() { cbench_fine_timers() }
}

/// Ctrl-C asks to stop: whoever runs long looks here, leaves its loop, and removes what it has set up.
enum Interrupt {
    static func arm() { cbench_catch_interrupt() }
    static var isRequested: Bool { cbench_interrupted() }
}

/// Numbers that nobody can guess.
enum SystemRandom {
    static func hexadecimal(digits: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<digits).map { _ in String(UInt8.random(in: 0..<16, using: &generator), radix: 16) }.joined()
    }
}
