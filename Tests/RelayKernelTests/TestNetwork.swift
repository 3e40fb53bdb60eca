import Foundation
import Glibc
import RelayTestSupport

/// A veth pair with addresses and neighbours, in the network namespace that the tests have for themselves.
struct TestNetwork {
    /// Why there can be none; `nil` where there can.
    static let obstacle: String? = {
        if geteuid() != 0 { return "needs root: BPF, and network interfaces" }
        let (ours, hosts) = (namespace(of: "self"), namespace(of: "1"))
        if ours == nil || ours == hosts { return "needs a network namespace of its own: scripts/in-namespace" }
        return nil
    }()

    static var isPossible: Bool { obstacle == nil }

    private static func namespace(of process: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net")
    }

    /// Its name on our side.
    let name: String
    let index: UInt32
    let hardware: [UInt8]

    /// What `ip` is told; each line a command.
    @discardableResult
    static func ip(_ script: String) throws -> String {
        var output = ""
        for line in script.split(separator: "\n") where !line.allSatisfy(\.isWhitespace) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try Executables.require("ip"))
            process.arguments = line.split(separator: " ").map(String.init)
            let pipe = Pipe()
            (process.standardOutput, process.standardError) = (pipe, pipe)
            try process.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Refused(description: "ip \(line): \(text)") }
            output += text
        }
        return output
    }

    struct Refused: Error, CustomStringConvertible { let description: String }

    /// Makes the pair; the name is given to one test alone.
    init(_ name: String) throws {
        _ = try? Self.ip("link del \(name)")
        try Self.ip(
            """
            link add \(name) mtu 1500 type veth peer name \(name)p
            addr add 192.0.2.1/24 dev \(name)
            addr add 2001:db8::1/64 dev \(name) nodad
            link set \(name) up
            link set \(name)p up
            neigh replace 192.0.2.10 lladdr 02:00:00:00:00:0a dev \(name)
            neigh replace 2001:db8::10 lladdr 02:00:00:00:00:0b dev \(name)
            route add 203.0.113.0/24 via 192.0.2.10 mtu lock 600
            """)
        self.name = name
        let text = try Self.ip("-o link show \(name)").split(separator: " ").map(String.init)
        index = UInt32(text[0].dropLast()) ?? 0
        let place = text.firstIndex(of: "link/ether") ?? 0
        hardware = text[place + 1].split(separator: ":").compactMap { UInt8($0, radix: 16) }
    }

    func remove() { _ = try? Self.ip("link del \(name)") }
}
