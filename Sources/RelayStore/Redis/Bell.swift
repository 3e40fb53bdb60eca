internal import CLinux
internal import Glibc
package import RelayCore

/// Gets a thread out of its waiting (eventfd). Rung by any thread, waited for by one.
public final class Bell: Sendable {
    private let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "eventfd") }
    }

    deinit { _ = clinux_close(descriptor) }

    /// Ends the current or next `wait`.
    public func ring() { _ = clinux_eventfd_signal(descriptor) }

    /// Waits for the bell, or for input on another descriptor, or until the time is over.
    ///
    /// - Returns: whether there is input on the other descriptor.
    @discardableResult
    public func wait(_ limit: Duration, orInputOn other: Int32 = -1) -> Bool {
        var watched = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = Int32(clamping: Self.milliseconds(limit))
        // SAFETY: the kernel reads and writes the two elements of the array. It skips a negative descriptor.
        _ = unsafe watched.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, milliseconds) }
        if watched[0].revents != 0 { _ = clinux_eventfd_drain(descriptor) }
        return watched[1].revents != 0
    }

    private static func milliseconds(_ limit: Duration) -> Int64 {
        let (seconds, attoseconds) = limit.components
        return seconds < 0 ? 0 : min(seconds, 3600) * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
