internal import Glibc
internal import WireFormat

/// A system call that failed: what was tried, and the kernel's reason.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    package let errno: Int32
    /// What was tried, in words or by the name of the call.
    package let operation: String

    @inline(never)  // cold
    package init(errno: Int32, operation: String) { (self.errno, self.operation) = (errno, operation) }

    /// All slots of the media threads are taken.
    package static let tooManyStreams = SystemError(
        errno: EMFILE, operation: "open stream: the stream table is full")

    /// Nobody has said that ports of this address might come up.
    static func notSteered(_ address: IPAddress) -> SystemError {
        SystemError(errno: EADDRNOTAVAIL, operation: "steer ports of \(address)")
    }

    package var description: String {
        // SAFETY: strerror returns a terminated string that lives until this thread's next call; it is copied at once.
        "\(operation): \(unsafe String(cString: strerror(errno)))"
    }
}

extension SystemError {
    /// Another socket has the address and port.
    package var isAddressInUse: Bool { self.errno == EADDRINUSE }
    /// There is no room for a file, or no writing at all: nothing that other options would mend.
    package var isDiskTrouble: Bool { [ENOSPC, EDQUOT, EROFS, EIO].contains(self.errno) }
}
