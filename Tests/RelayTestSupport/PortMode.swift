internal import Foundation
internal import Glibc
internal import RelayKernel
internal import WireFormat

/// The network namespace that tests may do with as they like.
package enum PrivateNetwork {
    /// Why there is none; `nil` where there is.
    package static let obstacle: String? = {
        if geteuid() != 0 { return "needs root: BPF, and network interfaces" }
        let (ours, hosts) = (namespace(of: "self"), namespace(of: "1"))
        if ours == nil || ours == hosts { return "needs a network namespace of its own: scripts/in-namespace" }
        return nil
    }()

    private static func namespace(of process: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net")
    }
}

/// How a relay's ports come by their datagrams. Every test of media holds for both.
package enum PortMode: String, CaseIterable, Sendable, CustomStringConvertible {
    case each = "a socket for every port"
    case shared = "ports share sockets"

    package var description: String { rawValue }

    /// Why ports cannot share sockets here; `nil` when they can.
    package static let obstacle: String? = {
        if let obstacle = PrivateNetwork.obstacle { return obstacle }
        do {
            _ = try KernelSteering(addresses: [IPAddress(ipv4: 0x7F00_0001)])
            return nil
        } catch {
            return "the kernel does not let ports share sockets: \(error)"
        }
    }()

    package static var possible: [PortMode] { obstacle == nil ? allCases : [.each] }
}
