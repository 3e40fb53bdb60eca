internal import Foundation
internal import RelayCore

/// The small files in which the kernel tells about itself and is told what to do.
package struct KernelFiles: Sendable {
    private let root: String

    /// - Parameter root: a folder that stands for `/`, for tests.
    package init(root: String = "") { self.root = root }

    /// Without blanks at its ends; `nil` when there is none, or we may not read it.
    package func text(_ path: String) -> String? {
        SystemFile.text(root + path)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func number(in path: String) -> Int? { text(path).flatMap { Int($0) } }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + path) }

    /// The names in a folder, in order; none when there is no such folder.
    func entries(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root + path)) ?? []).sorted()
    }

    /// The last part of where a link points.
    func target(of path: String) -> String? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: root + path))?.split(separator: "/").last
            .map { String($0) }
    }

    func write(_ text: String, to path: String) throws(SystemError) {
        do {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: root + path))
            defer { try? handle.close() }
            try handle.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
            let code = cause.domain == NSPOSIXErrorDomain ? Int32(truncatingIfNeeded: cause.code) : EIO
            throw SystemError(errno: code, operation: "write")
        }
    }

    // MARK: Processes

    /// The oldest process of that name.
    func process(named name: String) -> Int? {
        entries("/proc").compactMap { Int($0) }.sorted().first { text("/proc/\($0)/comm") == name }
    }

    /// What stands behind `NAME:` in a file of such lines.
    func field(_ name: String, of path: String) -> String? {
        text(path)?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    func descriptorLimit(ofProcess number: Int) -> Int? {
        let title = "Max open files"
        let line = text("/proc/\(number)/limits")?.split(separator: "\n").first { $0.hasPrefix(title) }
        return line?.dropFirst(title.count).split(separator: " ").first.flatMap { Int($0) }
    }
}
