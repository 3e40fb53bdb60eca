internal import Glibc
internal import RelayCore

/// A file descriptor of a BPF map, program or link, closed with its last user.
package final class Descriptor: Sendable {
    package let number: Int32

    /// Takes a descriptor over.
    init(owning number: Int32) { self.number = number }

    /// Takes over what a call has returned: a descriptor, or `-errno`.
    convenience init(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
        guard result >= 0 else { throw SystemError(errno: -result, operation: operation()) }
        self.init(owning: result)
    }

    /// Takes over what a call has returned: a descriptor, or -1 with `errno`.
    convenience init(_ result: Int32, orErrno operation: @autoclosure () -> String) throws(SystemError) {
        try self.init(result < 0 ? -errno : result, operation())
    }

    /// A second descriptor of the same thing.
    convenience init(copying number: Int32) throws(SystemError) {
        try self.init(fcntl(number, F_DUPFD_CLOEXEC, 0), orErrno: "dup")
    }

    deinit { close(number) }
}

/// What a call that returns 0 or `-errno` says.
func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
    guard result >= 0 else { throw SystemError(errno: -result, operation: operation()) }
}
