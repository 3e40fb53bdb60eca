internal import DaemonOptions
internal import Foundation
internal import Logging
internal import RelayCore
internal import RelayKernel

/// Decides whether ports have sockets of their own (`--port-sockets`).
struct PortSocketChoice {
    /// Why ports cannot share sockets, although they have to.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private let configuration: DaemonOptions.Configuration
    private let log: Logger

    init(_ configuration: DaemonOptions.Configuration, log: Logger) {
        (self.configuration, self.log) = (configuration, log)
    }

    /// What lets ports share sockets; `nil` when each has its own.
    func steering() throws -> KernelSteering? {
        guard configuration.portSockets != .each else { return nil }
        if let conflict = neighbours.conflict(with: configuration.portMin...configuration.portMax) {
            return try settle(conflict)
        }
        let addresses = (configuration.interfaces + configuration.backupInterfaces)
            .compactMap { MediaInterface($0)?.local }
        do throws(SystemError) { return try KernelSteering(addresses: addresses) } catch {
            return try settle("\(error)")
        }
    }

    /// Says what has become of it.
    func report(_ relay: Relay) throws {
        if let refusal = relay.steeringRefusal { _ = try settle("\(refusal)") }
    }

    private func settle(_ cause: String) throws -> KernelSteering? {
        guard configuration.portSockets != .shared else {
            throw Refusal(description: "--port-sockets=shared: \(cause)")
        }
        log.info("every port has a socket of its own: \(cause)")
        return nil
    }

    private var neighbours: PortNeighbours {
        func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        return PortNeighbours(
            localPortRange: text("/proc/sys/net/ipv4/ip_local_port_range"),
            reservedPorts: text("/proc/sys/net/ipv4/ip_local_reserved_ports"),
            sockets: ["/proc/net/udp", "/proc/net/udp6"].map(text))
    }
}
