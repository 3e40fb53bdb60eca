internal import CLinux

/// Content that one process hands to another by a descriptor: in memory, and nobody can change it any more
/// (memfd_create(2)). Whoever made or got it closes it.
package struct SealedFile: Sendable {
    /// Octets that are asked for at a time.
    private static let piece = 1 << 16

    package let descriptor: Int32

    /// One that another process has made.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// A new one; not inherited unless it is named to `GuardedProcess.start`.
    ///
    /// - Parameter name: shown in /proc only.
    package init(_ content: [UInt8], name: String) throws(SystemError) {
        // SAFETY: pointer and length belong to one array that lives across the call, the name is a terminated string.
        descriptor = unsafe content.withUnsafeBytes {
            unsafe clinux_sealed_file(name, $0.baseAddress, $0.count)
        }
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "memfd_create") }
    }

    /// What is in it, for every reader from the start on.
    package func content() throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        while true {
            // SAFETY: pointer and length are those of one array, which is written during the call only.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe clinux_read_at(descriptor, $0.baseAddress, $0.count, content.count)
            }
            guard count >= 0 else { throw SystemError(errno: Int32(-count), operation: "read what was handed over") }
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }

    package func close() { _ = clinux_close(descriptor) }
}
