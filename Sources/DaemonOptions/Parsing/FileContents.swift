internal import Glibc
internal import RelayCore

/// What came of reading a file.
package enum FileContents: Equatable, Sendable {
    case text(String)
    case missing
    /// With the reason.
    case unreadable(String)

    /// Reads a file. One that is there, or may be, and cannot be read is not missing: what it asks for is not to be forgotten.
    package init(of path: String) {
        do throws(SystemError) {
            let octets = try SystemFile.read(path)
            // Comments may be in any character set; elsewhere the line that is no UTF-8 is named.
            self = octets.contains(0) ? .unreadable("it is no text") : .text(String(decoding: octets, as: UTF8.self))
        } catch {
            self = [ENOENT, ENOTDIR].contains(error.errno) ? .missing : .unreadable("\(error)")
        }
    }
}
