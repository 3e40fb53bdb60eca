import CBench
import CLinux
import RelayBenchKit
import RelayCore

/// What a relay's forwarding programs (XDP, tc) have used so far, by the kernel's statistics.
struct ProgramTime {
    /// Nanoseconds.
    private(set) var time: UInt64 = 0
    private(set) var runs: UInt64 = 0

    /// `BPF_PROG_TYPE_SCHED_CLS`, `BPF_PROG_TYPE_XDP`
    private static let forwarding: Set<UInt64> = [3, 6]

    /// Adds up what the descriptors of a process and of its descendants tell.
    init(of process: Int32) {
        var seen: Set<UInt64> = []
        for process in [process] + ProcessSample.descendants(of: process) {
            for descriptor in FileSystem.numbers(in: "/proc/\(process)/fdinfo") {
                guard let text = SystemFile.text("/proc/\(process)/fdinfo/\(descriptor)"),
                    let type = ProcText.number("prog_type", in: text), Self.forwarding.contains(type),
                    let identifier = ProcText.number("prog_id", in: text), seen.insert(identifier).inserted
                else { continue }
                time += ProcText.number("run_time_ns", in: text) ?? 0
                runs += ProcText.number("run_cnt", in: text) ?? 0
            }
        }
    }

    /// Nanoseconds for a run, since an earlier look; `nil` when there was none.
    func perRun(since earlier: ProgramTime) -> Double? {
        guard runs > earlier.runs else { return nil }
        return Double(time - min(time, earlier.time)) / Double(runs - earlier.runs)
    }
}

/// Has the kernel measure BPF programs as long as it lives, and knows what that itself adds to a run.
final class ProgramStatistics {
    private static let runs: UInt32 = 200_000
    private let descriptor: Int32

    init() throws(BenchError) { descriptor = try checked(cbench_program_statistics(), "measure BPF programs") }

    deinit { _ = clinux_close(descriptor) }

    /// What the kernel says that a program takes which does nothing: the reading of two clocks. Nanoseconds.
    func emptyRun() throws(BenchError) -> Double {
        let program = try checked(cbench_empty_program(), "load an empty BPF program")
        defer { _ = clinux_close(program) }
        try checked(cbench_run_program(program, Self.runs), "run an empty BPF program")
        let text = SystemFile.text("/proc/self/fdinfo/\(program)") ?? ""
        let (time, runs) = (ProcText.number("run_time_ns", in: text) ?? 0, ProcText.number("run_cnt", in: text) ?? 0)
        return Double(time) / Double(max(1, runs))
    }
}
