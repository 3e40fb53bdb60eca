internal import CPrograms
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Synchronization

/// A program that a test started. What it prints is in a file.
package final class ChildProcess: Sendable {
    package let name: String
    /// The file with its standard output and error.
    package let logPath: String
    /// The process identifier.
    package let identifier: Int32
    /// Its exit status, or minus the signal that ended it. Until there is one, the identifier is nobody else's.
    private let ending = Mutex<Int32?>(nil)
    /// Left when the process is gone.
    private let running = DispatchGroup()

    /// Starts a program. Tests do so through `TestRun`, which also ends it.
    init(_ executable: String, _ arguments: [String], name: String, logPath: String) throws {
        (self.name, self.logPath) = (name, logPath)
        try Data().write(to: URL(fileURLWithPath: logPath))
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logPath))
        defer { try? log.close() }
        identifier = try Program.start(executable, arguments, output: log)
        Reaper.watch(identifier)
        running.enter()
        Thread.detachNewThread { [self] in
            _ = program_wait(identifier)
            ending.withLock { $0 = program_reap(identifier) }
            running.leave()
        }
    }

    package var isRunning: Bool { ending.withLock { $0 == nil } }

    /// What it has printed so far.
    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// The end of what it has printed: where it says what is wrong.
    package var lastLines: String { log.split(separator: "\n").suffix(20).joined(separator: "\n") }

    /// Sends a signal.
    package func signal(_ number: Int32) { signal(number, to: identifier) }

    private func signal(_ number: Int32, to target: Int32) {
        ending.withLock { if $0 == nil { _ = kill(target, number) } }
    }

    /// Waits for its end; the exit status, or minus the signal that ended it.
    package func exitStatus() async throws -> Int32 {
        let status = try await eventually("the end of \(name)") { ending.withLock { $0 } }
        Reaper.release(identifier)
        return status
    }

    /// Asks it to end (SIGTERM), and after five seconds makes it, with every process that it started.
    ///
    /// Blocks the thread: it has to work in a cancelled task too.
    package func stop() {
        signal(SIGTERM)
        if running.wait(timeout: .now() + .seconds(5)) == .timedOut {
            // A negative number means its process group.
            signal(SIGKILL, to: -identifier)
            running.wait()
        }
        Reaper.release(identifier)
    }
}
