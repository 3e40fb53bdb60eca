import CLinux
import RelayBenchKit

/// A processor that a relay has to share with programs that never rest, so that one generator can offer it more than it
/// can carry.
final class CrowdedProcessor {
    /// Those that this program was started on.
    private static let cores = (0..<clinux_core_limit()).filter { clinux_may_use_core($0) }
    private let core: Int32
    private var crowd: [ChildProcess] = []

    /// - Parameter count: busy programs.
    init(busyPrograms count: Int) throws(BenchError) {
        guard let last = Self.cores.last, Self.cores.count > 1 else {
            throw .relayFailed("a relay under overload needs a processor of its own, and here is only one")
        }
        core = last
        for _ in 0..<count {
            crowd.append(
                try start { () throws(BenchError) in try ChildProcess("/bin/sh", ["-c", "while :; do :; done"]) })
        }
    }

    /// Runs what starts a program: it and all its threads have to stay on the crowded processor. The caller stays on
    /// another.
    func start<Program>(_ body: () throws(BenchError) -> Program) throws(BenchError) -> Program {
        try Self.start(on: core, body)
    }

    /// Runs what starts a program that is to be on neither the relay's processor nor the caller's, where there is a third.
    func startBeside<Program>(_ body: () throws(BenchError) -> Program) throws(BenchError) -> Program {
        try Self.start(on: Self.cores.count > 2 ? Self.cores[1] : Self.cores[0], body)
    }

    private static func start<Program>(
        on core: Int32, _ body: () throws(BenchError) -> Program
    ) throws(BenchError) -> Program {
        try checked(clinux_pin_thread(core), "stay on processor \(core)")
        defer { _ = clinux_pin_thread(cores[0]) }
        return try body()
    }

    func end() {
        for program in crowd { program.end() }
    }
}
