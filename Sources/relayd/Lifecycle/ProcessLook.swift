internal import Foundation
internal import RelayFailover

extension ProcessLook {
    /// Nanoseconds of a tick in which the system counts processor time (USER_HZ, the same on all our platforms).
    private static let tick: UInt64 = 10_000_000

    /// Looks at a process (proc(5)); `nil` when it is gone.
    init?(process: Int32) {
        let folder = "/proc/\(process)"
        guard process > 0, let status = try? String(contentsOfFile: "\(folder)/status", encoding: .utf8),
            let all = Self.fields(of: folder), all.count > 12,
            let threads = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/task")
        else { return nil }
        let runnable = threads.count { Self.fields(of: "\(folder)/task/\($0)")?.first == "R" }
        let ticks = (UInt64(all[11]) ?? 0) &+ (UInt64(all[12]) ?? 0)  // utime and stime
        self.init(
            isTraced: Self.isTraced(accordingTo: status), runnable: runnable,
            processorTime: ticks &* Self.tick)
    }

    /// What `stat` says behind the name, which may have blanks in it: the state comes first.
    private static func fields(of folder: String) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "\(folder)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
