internal import CAllocCounter
internal import Foundation

/// How often threads ask for memory. The counts are those of the code, and not of the machine's mood.
package enum Allocations {
    /// How often the calling thread does while it runs `body`.
    package static func counted(_ body: () throws -> Void) rethrows -> UInt64 {
        let before = alloc_counter_here()
        try body()
        return alloc_counter_here() - before
    }

    /// How often threads of this process have, whose names are this and a number, by thread. Threads without a name of
    /// their own have the program's.
    package static func ofThreads(numbered prefix: String) -> [Int32: UInt64] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        var counts: [Int32: UInt64] = [:]
        for thread in tasks.compactMap({ Int32($0) }) {
            let name = (try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8)) ?? ""
            let number = name.trimmingCharacters(in: .newlines).dropFirst(prefix.count)
            if name.hasPrefix(prefix), Int(number) != nil { counts[thread] = alloc_counter_of(thread) }
        }
        return counts
    }
}
