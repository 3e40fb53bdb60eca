import CLinux
import Glibc

/// Reads files whose size nobody knows beforehand, such as those of /proc.
enum SystemFiles {
    /// The longest file that is read: more than /proc/net/udp has with 200,000 sockets.
    private static let maximumSize = 64 << 20

    /// The text of a file; `nil` if it cannot be read.
    static func text(_ path: String) -> String? {
        // SAFETY: the path is a zero-terminated copy that lives during the call.
        let descriptor = unsafe clinux_open_file(path)
        guard descriptor >= 0 else { return nil }
        defer { _ = clinux_close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while text.count < maximumSize {
            // SAFETY: pointer and capacity come from the same array, written only during the call.
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe clinux_read_next(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            text += chunk[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether there is something at a path that can be opened.
    static func exists(_ path: String) -> Bool {
        // SAFETY: as in `text`.
        let descriptor = unsafe clinux_open_file(path)
        if descriptor >= 0 { _ = clinux_close(descriptor) }
        return descriptor >= 0
    }

    /// Where a symbolic link points; `nil` if it is none.
    static func link(_ path: String) -> String? {
        var target = [UInt8](repeating: 0, count: 4096)
        // SAFETY: pointer and capacity come from the same array, written only during the call.
        let count = unsafe target.withUnsafeMutableBytes {
            unsafe clinux_read_link(path, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return count < 0 ? nil : String(decoding: target[..<min(count, target.count)], as: UTF8.self)
    }

    /// The entries of a directory whose names are numbers: processes, threads, descriptors.
    static func numbers(in path: String) -> [UInt32] {
        var numbers = [UInt32](repeating: 0, count: 1024)
        while true {
            // SAFETY: pointer and capacity come from the same array, written only during the call.
            let count = unsafe numbers.withUnsafeMutableBufferPointer {
                unsafe Int(clinux_list_numbers(path, $0.baseAddress, Int32($0.count)))
            }
            guard count > numbers.count else { return Array(numbers.prefix(max(0, count))) }
            numbers = Array(repeating: 0, count: count + count / 4)
        }
    }
}

/// Where progress goes, so that standard output is the result alone.
enum StandardError {
    static func write(_ text: String) {
        // SAFETY: the copy is zero-terminated and lives during the call; the shim's users run on one thread.
        unsafe _ = text.withCString { unsafe Glibc.write(2, $0, strlen($0)) }
    }
}
