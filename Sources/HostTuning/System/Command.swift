internal import Foundation

/// A program that is run to its end.
enum Command {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// - Throws: when there is no such program, or it cannot be run.
    static func run(_ words: [String]) throws -> (status: Int32, output: String) {
        guard let name = words.first,
            let path = folders.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile)
        else { throw Failure(description: "there is no program '\(words.first ?? "")' here") }
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
