internal import Dispatch
internal import Foundation
internal import Glibc

/// A program that a test started. What it prints is in a file.
package final class ChildProcess: Sendable {
    package let name: String
    /// The file with its standard output and error.
    package let logPath: String
    private let process: Process
    /// Left when the process is gone.
    private let running = DispatchGroup()

    /// Starts a program. Tests do so through `TestRun`, which also ends it.
    init(_ executable: String, _ arguments: [String], name: String, logPath: String) throws {
        (self.name, self.logPath) = (name, logPath)
        process = Process()
        // A thread of Dispatch blocks all signals, and what it starts inherits that: `env` makes it end on SIGTERM.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["--default-signal", executable] + arguments
        try Data().write(to: URL(fileURLWithPath: logPath))
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logPath))
        defer { try? log.close() }
        (process.standardOutput, process.standardError) = (log, log)
        process.standardInput = FileHandle.nullDevice
        running.enter()
        process.terminationHandler = { [running] _ in running.leave() }
        do {
            try process.run()
        } catch {
            running.leave()
            throw error
        }
        Reaper.watch(identifier)
    }

    /// The process identifier.
    package var identifier: Int32 { process.processIdentifier }

    package var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// The end of what it has printed: where it says what is wrong.
    package var lastLines: String { log.split(separator: "\n").suffix(20).joined(separator: "\n") }

    /// Sends a signal.
    package func signal(_ number: Int32) {
        if process.isRunning { kill(identifier, number) }
    }

    /// Waits for its end; the exit status, or minus the signal that ended it.
    package func exitStatus(within limit: Duration) async throws -> Int32 {
        try await eventually("the end of \(name)", within: limit) {
            guard !process.isRunning else { return nil }
            Reaper.release(identifier)
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }
    }

    /// Asks it to end (SIGTERM), and after five seconds makes it, with every process that it started.
    ///
    /// Blocks the thread: it has to work in a cancelled task too.
    package func stop() {
        signal(SIGTERM)
        if running.wait(timeout: .now() + .seconds(5)) == .timedOut {
            // Foundation gives every child a process group of its own.
            kill(-identifier, SIGKILL)
            running.wait()
        }
        Reaper.release(identifier)
    }
}
