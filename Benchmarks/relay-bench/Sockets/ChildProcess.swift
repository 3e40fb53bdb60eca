import CBench
import CLinux
import Glibc
import RelayCore

/// A program that runs while this one needs it; ended at the latest with its last reference.
final class ChildProcess {
    let identifier: Int32
    private let output: Int32
    private var hasEnded = false
    /// Its whole process group is gone, and the number may belong to somebody else.
    private var isCleared = false

    /// Starts a program; its output is kept for `lastLines`.
    init(_ path: String, _ arguments: [String]) throws(BenchError) {
        output = try checked(cbench_temporary_file(), "make a temporary file")
        // SAFETY: the copies are zero-terminated and live until `free`, the list ends with nil; the child has its own
        // copy of both after the call.
        var list = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        let started = unsafe cbench_spawn(path, &list, output)
        unsafe list.forEach { unsafe free($0) }
        if started < 0 { _ = clinux_close(output) }
        identifier = try checked(started, "start \(path)")
    }

    deinit {
        end()
        _ = clinux_close(output)
    }

    /// Whether it still runs.
    var isRunning: Bool {
        if hasEnded { return false }
        var status: Int32 = 0
        // SAFETY: the shim writes the status during the call.
        hasEnded = unsafe cbench_reap(identifier, &status) != 0
        return !hasEnded
    }

    /// Ends it and everything it has started: SIGTERM, and SIGKILL for what is left after two seconds.
    func end() {
        guard !isCleared else { return }
        hang(false)  // a stopped process does not hear SIGTERM
        isCleared = true
        if isRunning {
            _ = cbench_signal_group(identifier, SIGTERM)
            _ = waitForEnd(milliseconds: 2000)
        }
        _ = cbench_signal_group(identifier, SIGKILL)
        while isRunning { SystemClock.sleep(milliseconds: 5) }
    }

    /// Ends it and everything it has started without notice (SIGKILL).
    func kill() {
        guard !isCleared else { return }
        isCleared = true
        let everything = signalEverything(SIGKILL)
        while isRunning || everything.contains(where: Self.isRunning) { SystemClock.sleep(milliseconds: 2) }
    }

    /// Stops it and everything it has started, connections and all, or lets it go on.
    func hang(_ hangs: Bool) {
        guard !isCleared else { return }
        _ = signalEverything(hangs ? SIGSTOP : SIGCONT)
    }

    /// A guard and its relay have process groups of their own.
    private func signalEverything(_ signal: Int32) -> [Int32] {
        let descendants = ProcessSample.descendants(of: identifier)
        for process in [identifier] + descendants { _ = cbench_signal_group(process, signal) }
        return descendants
    }

    /// Whether somebody's child still runs. All its threads have to be gone: the last one closes its files.
    private static func isRunning(_ process: Int32) -> Bool {
        guard let stat = SystemFile.text("/proc/\(process)/stat") else { return false }
        return !stat.contains(") Z ") || FileSystem.numbers(in: "/proc/\(process)/task").count > 1
    }

    /// Waits until it ends by itself; false if it has not after `milliseconds`.
    func waitForEnd(milliseconds: UInt64) -> Bool {
        let deadline = SystemClock.monotonic + milliseconds * 1_000_000
        while isRunning {
            guard SystemClock.monotonic < deadline else { return false }
            SystemClock.sleep(milliseconds: 2)
        }
        return true
    }

    /// The end of what it has printed.
    func lastLines(_ count: Int) -> [String] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        // SAFETY: pointer and capacity come from the same array, written only during the call.
        let length = unsafe bytes.withUnsafeMutableBytes {
            unsafe cbench_read_from_start(output, $0.baseAddress, $0.count)
        }
        let text = String(decoding: bytes[..<max(0, length)], as: UTF8.self)
        return text.split(separator: "\n").suffix(count).map { String($0) }
    }

    /// Lets children open as many files as the system allows; 1,000 calls need 4,000 sockets.
    static func raiseFileLimit() { _ = cbench_raise_file_limit() }
}
