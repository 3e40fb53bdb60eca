internal import CLinux
internal import Glibc

/// What a process does that starts this program a second time and watches it. One thread only; none may have been started
/// before the first call, as signals are blocked for the calling thread.
package enum GuardedProcess {
    /// Starts this very program again with other arguments (the first is its name) and the same surroundings.
    ///
    /// - Parameters:
    ///   - descriptors: stay open in the child, under their numbers.
    ///   - variable: `NAME=VALUE`, added to its environment.
    /// - Returns: its process number.
    package static func start(
        _ arguments: [String], descriptors: [Int32], variable: String
    ) throws(SystemError) -> Int32 {
        // SAFETY: the copies are terminated strings that live until `free`, the list ends with nil; the child has its own
        // copy of all of it after the call.
        var list = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let started = unsafe clinux_spawn_self(&list, descriptors, Int32(descriptors.count), variable)
        unsafe list.forEach { unsafe free($0) }
        guard started > 0 else { throw SystemError(errno: -started, operation: "start the relay's process") }
        return started
    }

    /// Runs a command in a shell, with further `NAME=VALUE`s in its environment; returns its process number.
    package static func shell(_ command: String, variables: [String]) throws(SystemError) -> Int32 {
        // SAFETY: as in `start`.
        var list = unsafe variables.map { unsafe strdup($0) } + [nil]
        let started = unsafe clinux_spawn_shell(command, &list)
        unsafe list.forEach { unsafe free($0) }
        guard started > 0 else { throw SystemError(errno: -started, operation: "run \(command)") }
        return started
    }

    /// The next child that has ended and the exit status that a shell would report; `nil` when there is none.
    package static func reap() -> (process: Int32, status: Int32)? {
        var status: Int32 = 0
        // SAFETY: the shim writes the status during the call.
        let process = unsafe clinux_reap_next(&status)
        return process > 0 ? (process, clinux_exit_status(status)) : nil
    }

    package static func signal(_ process: Int32, _ number: Int32) { _ = clinux_kill(process, number) }

    /// Has a signal sent to this process when its parent is gone; false when it is gone already.
    package static func follow(parent: Int32, signal: Int32) -> Bool { clinux_follow_parent(parent, signal) }

    /// Our own number and our parent's.
    package static var identifiers: (own: Int32, parent: Int32) { (clinux_process_id(), clinux_parent_id()) }

    /// Lets this process, not its children, run ahead of others where the system permits it.
    package static func preferPromptness() { clinux_prefer_promptness() }

    /// Takes over what is written to standard output or another descriptor.
    package static func write(_ text: String, to descriptor: Int32) throws(SystemError) {
        let bytes = Array(text.utf8)
        let result = unsafe bytes.withUnsafeBytes { content in
            // SAFETY: pointer and length belong together and live across the call.
            unsafe clinux_write_text(
                descriptor, content.baseAddress?.assumingMemoryBound(to: CChar.self), content.count)
        }
        guard result == 0 else { throw SystemError(errno: -result, operation: "write") }
    }

    /// Opens a named pipe for writing, whether or not somebody reads it yet.
    package static func openPipe(_ path: String) throws(SystemError) -> Int32 {
        // SAFETY: a terminated string that lives across the call.
        let descriptor = unsafe clinux_open_pipe(path)
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "open \(path)") }
        return descriptor
    }

    /// Reads and forgets what waits on a descriptor; false at its end.
    package static func discardInput(of descriptor: Int32) -> Bool { clinux_discard_input(descriptor) == 1 }
}

/// Signals as input: from `init` on they are blocked and wait to be read.
package struct SignalInput: Sendable {
    package let descriptor: Int32

    /// Takes SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2 and SIGCHLD.
    package init() throws(SystemError) {
        descriptor = clinux_signals_open()
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, operation: "signalfd") }
    }

    /// The next signal that has come.
    package func next() -> Int32? {
        let number = clinux_signals_next(descriptor)
        return number > 0 ? number : nil
    }
}

/// Waits for input on a few descriptors.
package enum InputWait {
    /// Waits until one of at most 32 descriptors has input or was closed by its other end; negative ones are left out.
    ///
    /// - Returns: for each whether it is ready; all false after `milliseconds`.
    package static func any(_ descriptors: [Int32], milliseconds: Int32) -> [Bool] {
        precondition(descriptors.count <= 32, "one bit for each")
        // SAFETY: pointer and count come from the same array, which the call only reads.
        let bits = unsafe clinux_wait_any(descriptors, Int32(descriptors.count), milliseconds)
        return descriptors.indices.map { bits > 0 && (bits >> Int32($0)) & 1 == 1 }
    }
}
