internal import DaemonOptions
internal import Foundation
internal import Logging
internal import RelayCore
internal import RelayKernel
internal import WireFormat

/// Decides whether ports have sockets of their own (`--port-sockets`).
struct PortSocketChoice {
    /// Why ports cannot share sockets, although they have to.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// Descriptors that a call takes: two sides, each with a port for RTP and one for RTCP.
    private static let descriptorsPerCall: UInt = 4

    private let configuration: DaemonOptions.Configuration
    private let log: Logger

    init(_ configuration: DaemonOptions.Configuration, log: Logger) {
        (self.configuration, self.log) = (configuration, log)
    }

    /// What lets ports share sockets, and which ports are others'; `nil` when each port has its own socket.
    ///
    /// The kernel gives no port of the range to others from then on, also after we have ended.
    func steering() throws -> (steering: KernelSteering, occupied: Set<UInt16>)? {
        guard configuration.portSockets != .each else { return nil }
        let addresses = (configuration.interfaces + configuration.backupInterfaces)
            .compactMap { MediaInterface($0)?.local }
        let range = configuration.portMin...configuration.portMax
        let neighbours = neighbours(of: addresses)
        guard var occupied = neighbours.occupiedPorts(of: range) else {
            return try settle("other programs have many ports between \(range.lowerBound) and \(range.upperBound)")
        }
        occupied.formUnion(configuration.listenNG.map(\.port).filter(range.contains))
        let steering: KernelSteering
        do throws(SystemError) { steering = try KernelSteering(addresses: addresses) } catch {
            return try settle("\(error)")
        }
        if let ephemeral = neighbours.ephemeralPorts(of: range) {
            guard reserve(neighbours.reservation(of: range)) else {
                return try settle(
                    "other programs may be given ports \(ephemeral.lowerBound)-\(ephemeral.upperBound); "
                        + "reserve them with net.ipv4.ip_local_reserved_ports")
            }
            log.notice("reserved ports \(range.lowerBound)-\(range.upperBound): \(Self.reservedPorts)")
        }
        if !occupied.isEmpty { log.info("no call gets port \(occupied.sorted()), which others have") }
        return (steering, occupied)
    }

    private static let reservedPorts = "/proc/sys/net/ipv4/ip_local_reserved_ports"

    /// False when we may not.
    private func reserve(_ ports: String) -> Bool {
        guard let file = FileHandle(forWritingAtPath: Self.reservedPorts) else { return false }
        defer { try? file.close() }
        return (try? file.write(contentsOf: Data(ports.utf8))) != nil
    }

    /// Says what has become of it.
    ///
    /// - Parameter isSteered: ports were to share sockets.
    func report(_ relay: Relay, isSteered: Bool) throws {
        if let refusal = relay.steeringRefusal { _ = try settle("\(refusal)") }
        if !isSteered || relay.steeringRefusal != nil { checkDescriptors() }
    }

    /// Better a line now than calls that are refused when there are many.
    private func checkDescriptors() {
        guard let calls = configuration.maxSessions, let limit = SystemService.openFileLimit?.soft else { return }
        let needed = Self.descriptorsPerCall * UInt(max(0, calls))
        guard needed > limit else { return }
        log.warning(
            "\(calls) calls (max-sessions) take \(needed) descriptors, and we may open \(limit): raise LimitNOFILE")
    }

    private func settle(_ cause: String) throws -> (steering: KernelSteering, occupied: Set<UInt16>)? {
        guard configuration.portSockets != .shared else {
            throw Refusal(description: "--port-sockets=shared: \(cause)")
        }
        log.info("every port has a socket of its own: \(cause)")
        return nil
    }

    private func neighbours(of addresses: [IPAddress]) -> PortNeighbours {
        func text(_ path: String) -> String { SystemFile.text(path) ?? "" }
        return PortNeighbours(
            localPortRange: text("/proc/sys/net/ipv4/ip_local_port_range"), reservedPorts: text(Self.reservedPorts),
            sockets: ["/proc/net/udp", "/proc/net/udp6"].map(text), addresses: addresses)
    }
}
