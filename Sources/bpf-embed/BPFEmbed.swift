import Foundation

/// Compiles C for BPF and writes the object files as constants of a Swift file, so that a program that loads them is one
/// file. For the build-tool plugin `BPFProgram`.
///
///     bpf-embed OUTPUT.swift CLANG OBJCOPY HEADERS SOURCE.bpf.c...
@main
struct BPFEmbed {
    private static let flags = [
        "-target", "bpf", "-mcpu=v2", "-ffreestanding", "-O2", "-g", "-Wall", "-Wextra", "-Werror",
    ]

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count >= 5 else {
            throw Failure(description: "usage: bpf-embed OUTPUT CLANG OBJCOPY HEADERS SOURCE...")
        }
        let paths = Array(arguments)
        let (output, clang, objcopy, headers) = (paths[0], paths[1], paths[2], paths[3])
        let scratch = URL(fileURLWithPath: output).deletingLastPathComponent()
        var text =
            "/// The BPF programs, compiled: ELF, each octet as two hexadecimal digits.\nenum EmbeddedPrograms {\n"
        for source in paths[4...] {
            let name = URL(fileURLWithPath: source).lastPathComponent.replacingOccurrences(of: ".bpf.c", with: "")
            let object = scratch.appending(path: "\(name).o")
            try run(clang, flags + includes(headers) + ["-c", source, "-o", object.path])
            if !objcopy.isEmpty { try run(objcopy, ["--strip-debug", object.path]) }
            text += "    static let \(name): StaticString = \"\(try hexadecimal(object))\"\n"
        }
        try (text + "}\n").write(toFile: output, atomically: true, encoding: .utf8)
    }

    /// Debian keeps <asm/types.h> in a folder for each architecture, which clang knows only when it compiles for one.
    private static func includes(_ headers: String) throws -> [String] {
        let system = "/usr/include"
        let folders = try FileManager.default.contentsOfDirectory(atPath: system).sorted()
            .map { "\(system)/\($0)" }.filter { FileManager.default.fileExists(atPath: "\($0)/asm/types.h") }
        return (["-I", headers] + folders.prefix(1).flatMap { ["-idirafter", $0] })
    }

    private static func hexadecimal(_ file: URL) throws -> String {
        let digits = Array("0123456789abcdef".utf8)
        let octets = try Data(contentsOf: file)
        return String(
            decoding: octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func run(_ executable: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(executable) failed: it has said why above")
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
