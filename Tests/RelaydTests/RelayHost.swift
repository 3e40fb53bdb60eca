import Foundation
import RelayTestSupport
import WireFormat

/// A host of its own for one relay: a network namespace, joined to ours by a pair of interfaces.
struct RelayHost {
    /// The relay's address, and ours on the same link.
    let address: IPAddress
    let gateway: IPAddress
    private let name: String
    private let run: TestRun

    /// Why there can be none here; `nil` when there can.
    static let obstacle: String? = {
        guard let run = try? Program.run("unshare", ["--net", "ip", "link", "set", "lo", "up"]) else {
            return "there is no program 'unshare'"
        }
        return run.status == 0 ? nil : "network namespaces are not allowed here"
    }()

    /// - Parameter number: 1 to 250; no two hosts of a test have the same.
    init(_ number: UInt8, in run: TestRun) {
        (name, self.run) = ("host\(number)", run)
        // 198.18.0.0/15 is for tests of network devices (RFC 2544).
        let network: UInt32 = 198 << 24 | 18 << 16 | UInt32(number) << 8
        (address, gateway) = (IPAddress(ipv4: network | 1), IPAddress(ipv4: network | 254))
    }

    /// Starts a program there, with a route to us.
    func start(_ executable: String, _ arguments: [String], name: String) async throws -> ChildProcess {
        let script = """
            until ip link set eth0 up 2>/dev/null; do sleep 0.01; done
            ip link set lo up && ip addr add \(address)/24 dev eth0 && ip route add default via \(gateway) && exec "$@"
            """
        let process = try run.start(
            "/usr/bin/unshare", ["--net", "sh", "-c", script, "sh", executable] + arguments, name: name)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        _ = try await eventually("\(name) is in a network of its own: \(process.lastLines)") {
            let theirs = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(process.identifier)/ns/net")
            return theirs != nil && theirs != own ? true : nil
        }
        let link = "\(self.name)-\(process.identifier)"
        try await ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", "\(process.identifier)")
        try await ip("addr", "add", "\(gateway)/24", "dev", link)
        try await ip("link", "set", link, "up")
        return process
    }

    private func ip(_ words: String...) async throws {
        let command = try run.start(Executables.require("ip"), words, name: "\(name)-ip")
        guard try await command.exitStatus() == 0 else {
            throw Refused(description: "ip \(words.joined(separator: " ")): \(command.lastLines)")
        }
    }

    struct Refused: Error, CustomStringConvertible { let description: String }
}
