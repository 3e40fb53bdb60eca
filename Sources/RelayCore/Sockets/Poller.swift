internal import CLinux
internal import Glibc

/// Waits for many sockets at once (epoll), and can be woken from any thread.
package final class Poller: Sendable {
    /// What `wait` reports when somebody called `wake`. No slot has this tag.
    package static let wakeTag = UInt64.max
    private let epoll: Int32
    private let wakeup: Int32

    package init() throws(SystemError) {
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw SystemError(errno: -epoll, operation: "epoll_create1") }
        wakeup = clinux_eventfd()
        guard wakeup >= 0 else {
            _ = clinux_close(epoll)
            throw SystemError(errno: -wakeup, operation: "eventfd")
        }
        try add(wakeup, tag: Self.wakeTag, isAwake: true)
    }

    deinit {
        _ = clinux_close(wakeup)
        _ = clinux_close(epoll)
    }

    /// Watches a socket for input, level-triggered: what is not read is reported again, so nothing can get stuck.
    ///
    /// - Parameter isAwake: false to report nothing before `awaken`.
    /// - Throws: when the kernel lacks room for it (ENOSPC, ENOMEM).
    package func add(_ socket: UDPSocket, tag: UInt64, isAwake: Bool = true) throws(SystemError) {
        try add(socket.descriptor, tag: tag, isAwake: isAwake)
    }

    /// As above, for any other kind of descriptor.
    package func add(_ descriptor: Int32, tag: UInt64, isAwake: Bool = true) throws(SystemError) {
        let result =
            isAwake
            ? clinux_epoll_add(epoll, descriptor, tag) : clinux_epoll_add_asleep(epoll, descriptor, tag)
        guard result == 0 else { throw SystemError(errno: -result, operation: "epoll_ctl") }
    }

    /// Reports input from now on. Takes nothing that the kernel could lack.
    package func awaken(_ socket: UDPSocket, tag: UInt64) {
        let result = clinux_epoll_awaken(epoll, socket.descriptor, tag)
        precondition(result == 0, "a socket that was not added")
    }

    /// Stops watching; must come before the socket is closed.
    package func remove(_ socket: UDPSocket) { _ = clinux_epoll_remove(epoll, socket.descriptor) }

    /// Makes the next or current `wait` return. Any thread.
    package func wake() { _ = clinux_eventfd_signal(wakeup) }

    /// Waits for input and fills `tags` from the start; returns how many.
    ///
    /// - Parameter milliseconds: the longest wait; negative for ever.
    package func wait(_ tags: inout [UInt64], milliseconds: Int32) -> Int {
        let capacity = Int32(tags.count)
        // SAFETY: the kernel writes at most `capacity` elements into an array of that many.
        let count = unsafe tags.withUnsafeMutableBufferPointer { buffer in
            unsafe clinux_epoll_wait(epoll, buffer.baseAddress, capacity, milliseconds)
        }
        precondition(count >= 0, "epoll_wait failed: our descriptor is gone")
        for index in 0..<Int(count) where tags[index] == Self.wakeTag {
            _ = clinux_eventfd_drain(wakeup)
        }
        return Int(count)
    }
}
