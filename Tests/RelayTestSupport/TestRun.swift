internal import Foundation
internal import Synchronization

/// The processes and files of one test.
package final class TestRun: Sendable {
    /// Logs, captures and generated configuration. They stay until the next run of the same test.
    package let directory: String
    private let processes = Mutex<[ChildProcess]>([])

    fileprivate init(_ name: String) throws {
        directory = "\(Executables.productDirectory)/test-runs/\(name)"
        if FileManager.default.fileExists(atPath: directory) { try FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// Starts a program, which ends with the test at the latest.
    package func start(_ executable: String, _ arguments: [String], name: String) throws -> ChildProcess {
        let process = try ChildProcess(executable, arguments, name: name, logPath: path(of: "\(name).log"))
        processes.withLock { $0.append(process) }
        return process
    }

    /// The path of a file in the directory.
    package func path(of file: String) -> String { "\(directory)/\(file)" }

    /// Ends what still runs, the last first.
    fileprivate func stopAll() {
        let all = processes.withLock { processes in
            defer { processes = [] }
            return processes
        }
        for process in all.reversed() { process.stop() }
    }
}

/// Runs a test that starts processes. They end when `body` does, however it ends.
///
/// - Parameter name: no two tests may have the same, since it names the directory.
package func withTestRun<Result>(
    _ name: String, _ body: (TestRun) async throws -> Result
) async throws -> Result {
    let run = try TestRun(name)
    print("\(name): logs and captures are in \(run.directory)")
    defer { run.stopAll() }
    return try await body(run)
}
