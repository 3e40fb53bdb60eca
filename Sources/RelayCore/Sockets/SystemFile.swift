internal import CLinux
internal import Glibc

/// Reads what the kernel makes up while it is read (proc(5)). Such files say that they are empty, and the long ones come in
/// pieces of a page: Foundation takes the first one for the whole.
package enum SystemFile {
    /// In octets; more than /proc/net/udp has with 200,000 sockets.
    private static let longest = 64 << 20
    /// Octets that are asked for at a time.
    private static let piece = 1 << 16

    /// The text of a file; `nil` when it cannot be read.
    package static func text(_ path: String) -> String? {
        (try? read(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The octets of a file.
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        // SAFETY: the path is a terminated copy that lives across the call.
        let descriptor = unsafe clinux_open_file(path)
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "open \(path)") }
        defer { _ = clinux_close(descriptor) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: piece)
        while octets.count < longest {
            // SAFETY: pointer and length are those of one array, which is written during the call only.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe clinux_read_next(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw SystemError(errno: Int32(-count), operation: "read \(path)") }
            if count == 0 { break }
            octets += buffer[..<count]
        }
        return octets
    }
}
