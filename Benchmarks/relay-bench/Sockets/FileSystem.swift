import CBench
import CLinux
import Glibc

/// What is where. The text of files is read by `SystemFile`.
enum FileSystem {
    /// Whether there is something at a path that can be opened.
    static func exists(_ path: String) -> Bool {
        // SAFETY: the path is a zero-terminated copy that lives during the call.
        let descriptor = unsafe clinux_open_file(path)
        if descriptor >= 0 { _ = clinux_close(descriptor) }
        return descriptor >= 0
    }

    /// Where a symbolic link points; `nil` if it is none.
    static func link(_ path: String) -> String? {
        var target = [UInt8](repeating: 0, count: 4096)
        // SAFETY: pointer and capacity come from the same array, written only during the call.
        let count = unsafe target.withUnsafeMutableBytes {
            unsafe cbench_read_link(path, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return count < 0 ? nil : String(decoding: target[..<min(count, target.count)], as: UTF8.self)
    }

    /// The entries of a directory whose names are numbers: processes, threads, descriptors.
    static func numbers(in path: String) -> [UInt32] {
        var numbers = [UInt32](repeating: 0, count: 1024)
        while true {
            // SAFETY: pointer and capacity come from the same array, written only during the call.
            let count = unsafe numbers.withUnsafeMutableBufferPointer {
                unsafe Int(cbench_list_numbers(path, $0.baseAddress, Int32($0.count)))
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
