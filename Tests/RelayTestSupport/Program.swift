internal import CPrograms
internal import Foundation
internal import RelayCore

/// Programs, started without Foundation: its `Process` reads beyond a buffer, and may crash, where this process has more
/// than some 1,365 descriptors, or as many as fill the buffer again.
package enum Program {
    /// Runs a program to its end: its exit status, or minus the signal that ended it, and what it has printed.
    ///
    /// - Throws: when there is no such program.
    @discardableResult
    package static func run(_ executable: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let pipe = Pipe()
        let identifier = try start(executable, arguments, output: pipe.fileHandleForWriting)
        try pipe.fileHandleForWriting.close()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return (program_reap(identifier), String(decoding: output, as: UTF8.self))
    }

    /// Starts a program in a process group of its own: the process identifier.
    ///
    /// Of our descriptors it has those two, and no others; no signal is blocked, as they are in Dispatch's threads.
    static func start(
        _ executable: String, _ arguments: [String], input: FileHandle? = nil, output: FileHandle
    ) throws(SystemError) -> Int32 {
        // SAFETY: the copies are zero-terminated and live until `free`, the list ends with nil; the child has its own
        // copy of both after the call.
        var list = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
        let started = unsafe program_start(&list, input?.fileDescriptor ?? -1, output.fileDescriptor)
        unsafe list.forEach { unsafe free($0) }
        guard started > 0 else { throw SystemError(errno: -started, operation: "start \(executable)") }
        return started
    }
}
