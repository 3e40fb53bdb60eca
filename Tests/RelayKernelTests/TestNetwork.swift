import Foundation
import RelayTestSupport

/// A veth pair with addresses and neighbours, in the network namespace that the tests have for themselves.
struct TestNetwork {
    /// Why there can be none; `nil` where there can.
    static var obstacle: String? { PrivateNetwork.obstacle }
    static var isPossible: Bool { obstacle == nil }

    /// Its name on our side.
    let name: String
    let index: UInt32
    let hardware: [UInt8]

    /// What `ip` is told; each line a command.
    @discardableResult
    static func ip(_ script: String) throws -> String {
        var output = ""
        for line in script.split(separator: "\n") where !line.allSatisfy(\.isWhitespace) {
            output += try run(Executables.require("ip"), line.split(separator: " ").map(String.init))
        }
        return output
    }

    /// Runs a program; what it prints.
    @discardableResult
    static func run(_ program: String, _ arguments: String...) throws -> String { try run(program, arguments) }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let path = program.contains("/") ? program : try Executables.require(program)
        let (status, output) = try Program.run(path, arguments)
        guard status == 0 else {
            throw Refused(description: "\(program) \(arguments.joined(separator: " ")): \(output)")
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
