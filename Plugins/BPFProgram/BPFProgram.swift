import Foundation
import PackagePlugin

/// Compiles `bpf/*.bpf.c` of a target with the toolchain's own clang and gives the target the object files as Swift.
@main
struct BPFProgram: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL.appending(path: "bpf")
        let layouts = context.package.directoryURL.appending(path: "Sources/CRelayKernel/include")
        let inputs = try [folder, layouts].flatMap { folder in
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        }.sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedPrograms.swift")
        // Not every toolchain has it; without it the programs carry debugging information that nobody reads.
        let objcopy = try? context.tool(named: "llvm-objcopy").url.path
        let arguments = [output.path, try context.tool(named: "clang").url.path, objcopy ?? "", layouts.path]
        return [
            .buildCommand(
                displayName: "Compiling BPF programs", executable: try context.tool(named: "bpf-embed").url,
                arguments: arguments + inputs.map(\.path).filter { $0.hasSuffix(".bpf.c") }, inputFiles: inputs,
                outputFiles: [output])
        ]
    }
}
