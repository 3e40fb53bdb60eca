import Foundation
import Glibc
import RelayTestSupport
import Testing

/// What the other tests of real processes stand on.
@Suite("Programs that tests start")
struct ProgramTests {
    private static let descriptors = 3_000
    /// What other tests in this process may hold meanwhile.
    private static let others = 1_000

    @Test(
        "run while this process holds thousands of descriptors, and have none of them",
        .enabled(if: sysconf(Int32(_SC_OPEN_MAX)) >= descriptors + others, "the limit of open files is too low here"))
    func crowded() throws {
        let null = try #require(FileHandle(forReadingAtPath: "/dev/null"))
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        // Copies are not close-on-exec.
        while held.count < Self.descriptors {
            let copy = dup(null.fileDescriptor)
            try #require(copy >= 0)
            held.append(copy)
        }
        let (status, output) = try Program.run("/bin/sh", ["-c", "echo /proc/self/fd/*; echo no >&2; exit 3"])
        #expect(status == 3)
        // The fourth one is the shell's own, to look.
        let own = (0...3).map { "/proc/self/fd/\($0)" }.joined(separator: " ")
        #expect(output == "\(own)\nno\n")
    }

    @Test("hear signals, and are process groups of their own")
    func signals() async throws {
        try await withTestRun("program-signals") { run in
            let program = try run.start("sleep", ["1000"], name: "sleep")
            #expect(program.isRunning)
            #expect(getpgid(program.identifier) == program.identifier)
            program.signal(SIGTERM)
            #expect(try await program.exitStatus() == -SIGTERM)
            #expect(!program.isRunning)
        }
    }

    @Test("that are not there are an error")
    func missing() {
        let error = #expect(throws: (any Error).self) { try Program.run("/nowhere/program", []) }
        #expect("\(error!)" == "start /nowhere/program: No such file or directory")
    }
}
