internal import CLinux
internal import Glibc

/// What the system offers a service: log, readiness, background, pid file.
package enum SystemService {
    /// Writes to standard error, whole or not at all as far as the kernel allows. Any thread.
    package static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        // SAFETY: the array lives across the call, which only reads it. A closed standard error is nobody's problem.
        unsafe bytes.withUnsafeBytes { _ = unsafe clinux_write_error($0.baseAddress, $0.count) }
    }

    /// Sets the allocator up for a service that handles messages of a kilobyte or more all the time. Once, at the start.
    package static func tuneAllocator() { clinux_keep_small_blocks() }

    /// What `ps` and `top` call us: a process that was started through `/proc/self/exe` is "exe" otherwise. By the first thread.
    package static func nameProcess(_ name: String) {
        // SAFETY: a terminated string that lives across the call.
        unsafe clinux_name_thread(name)
    }

    /// Names us in syslog. Once, before `log`.
    package static func openLog(name: String, facility: Int) {
        // SAFETY: the name is copied.
        unsafe clinux_log_open(name, Int32(facility))
    }

    /// Sends one line to syslog. Any thread.
    package static func log(severity: Int, _ text: String) {
        // SAFETY: a terminated string that lives across the call.
        unsafe clinux_log(Int32(severity), text)
    }

    /// Sends one line to another facility of syslog. Any thread.
    package static func log(facility: Int, severity: Int, _ text: String) {
        // SAFETY: a terminated string that lives across the call.
        unsafe clinux_log_to(Int32(facility), Int32(severity), text)
    }

    /// Tells the service manager a state such as `READY=1`; does nothing where there is none.
    package static func notify(_ state: String) throws(SystemError) {
        // SAFETY: a terminated string that lives across the call.
        try check(unsafe clinux_notify(state), "notify the service manager")
    }

    /// Goes to the background; only before any thread was started.
    ///
    /// - Returns: what `detached` wants.
    package static func detach() throws(SystemError) -> Int32 {
        let descriptor = clinux_detach()
        try check(min(descriptor, 0), "go to the background")
        return descriptor
    }

    /// Lets the parent process end, as everything runs.
    package static func detached(_ descriptor: Int32) throws(SystemError) {
        try check(clinux_detached(descriptor), "leave the terminal")
    }

    /// Lets go of the terminal: standard input, output and error lead nowhere.
    package static func leaveTerminal() throws(SystemError) {
        try check(clinux_leave_terminal(), "leave the terminal")
    }

    /// Lets a signal do what it does by default.
    package static func restoreDefault(of signal: Int32) { clinux_set_signal(signal, false) }

    /// Lets a signal do nothing until somebody listens to it.
    package static func ignore(_ signal: Int32) { clinux_set_signal(signal, true) }

    /// Writes our process number to a file.
    package static func writePID(to path: String) throws(SystemError) {
        // SAFETY: a terminated string that lives across the call.
        try check(unsafe clinux_write_pid(path), "write \(path)")
    }

    /// Removes that file if it is still ours.
    package static func removePID(at path: String) throws(SystemError) {
        // SAFETY: a terminated string that lives across the call.
        try check(unsafe clinux_remove_pid(path), "remove \(path)")
    }

    /// Sets how many descriptors we may open, as far as the limit above allows.
    package static func setOpenFiles(_ count: UInt) throws(SystemError) {
        var limit = rlimit()
        limit.rlim_cur = rlim_t(count)
        limit.rlim_max = rlim_t(max(openFileLimit?.hard ?? 0, count))
        // SAFETY: reads the one structure, which lives across the call.
        try check(
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? 0 : -Glibc.errno,
            "set the limit of descriptors")
    }

    /// Lets us open as many descriptors as the limit above allows. Programs that do not ask get few, for the sake of those
    /// that cannot count further (`select`).
    package static func raiseOpenFiles() {
        guard let limit = openFileLimit, limit.soft < limit.hard else { return }
        // One that the system does not want to raise is as it was.
        try? setOpenFiles(limit.hard)
    }

    /// How many descriptors we may open, and how many we may let ourselves; `nil` when the system does not tell.
    package static var openFileLimit: (soft: UInt, hard: UInt)? {
        var limit = rlimit()
        // SAFETY: writes the one structure, which lives across the call.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return (UInt(limit.rlim_cur), UInt(limit.rlim_max))
    }

    private static func check(_ result: Int32, _ operation: String) throws(SystemError) {
        guard result >= 0 else { throw SystemError(errno: -result, operation: operation) }
    }
}
