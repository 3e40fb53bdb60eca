internal import DaemonOptions
internal import Logging
internal import RelayControl
internal import RelayCore
internal import RelayOperations
internal import WireFormat

/// All addresses on which commands are answered.
struct Listeners: Sendable {
    private let udp: [UDPListener]
    private let tcp: [TCPListener]
    private let console: [ConsoleListener]
    private let http: [HTTPListener]
    private let handler: any NGMessageHandler

    /// - Parameter sockets: for `listen-ng`, from a guard that has bound them.
    init(
        _ configuration: Configuration, sockets: [Int32?]?, handler: any NGMessageHandler, operations: Operations,
        log: Logger
    ) async throws {
        func open<Opened>(
            _ addresses: [TransportAddress], _ start: (TransportAddress) async throws -> Opened
        ) async throws -> [Opened] {
            var attempts = ListenerAttempts<Opened>(configuration)
            for address in addresses {
                do {
                    attempts.opened(try await start(address), at: address)
                } catch {
                    try attempts.failed(error, at: address)
                }
            }
            return try attempts.finish(log).compactMap { $0 }
        }
        self.handler = handler
        let tos = configuration.controlTOS
        console = try await open(configuration.listenCLI) {
            try await ConsoleListener.start(
                at: $0, idleTimeout: .seconds(configuration.httpIdleTimeout), console: operations.console)
        }
        let services = HTTPServices(
            handler: handler, operations: operations, idleTimeout: .seconds(configuration.httpIdleTimeout),
            name: configuration.softwareID ?? "relayd-\(Relayd.version)")
        http = try await open(configuration.listenHTTP) { try await HTTPListener.start(at: $0, services: services) }
        // Who is answered by NG can count on all the others.
        if let sockets {
            udp = try zip(configuration.listenNG, sockets).compactMap { address, socket in
                guard let socket else { return nil }
                let control = ControlSocket(descriptor: socket)
                return try UDPListener(control, family: address.address.family, handler: handler)
            }
        } else {
            udp = try await open(configuration.listenNG) { try UDPListener(at: $0, tos: tos, handler: handler) }
        }
        tcp = try await open(configuration.listenTCPNG) {
            try await TCPListener.start(at: $0, tos: tos, handler: handler)
        }
    }

    /// Has a message answered on the path that commands take.
    var ask: @Sendable ([UInt8], @escaping @Sendable ([UInt8]) -> Void) -> Void {
        if let first = udp.first { return { first.ask($0, reply: $1) } }
        return { [handler] in handler.receive($0, from: TransportAddress(.unspecified(.ipv4), port: 0), reply: $1) }
    }

    /// Sets the TOS octet or traffic class of answers over UDP from now on. Connections keep theirs.
    func setTOS(_ tos: UInt8) {
        for listener in udp { listener.setTOS(tos) }
    }

    func stop() async {
        for listener in udp { listener.stop() }
        // One that is closed already is what we want.
        for listener in tcp { try? await listener.stop() }
        for listener in console { try? await listener.stop() }
        for listener in http { try? await listener.stop() }
    }
}

extension Listeners: MetricSource {
    func collect(into metrics: inout MetricWriter) {
        metrics.counter(
            "relay_control_unsent_replies_total", udp.reduce(UInt64(0)) { $0 &+ $1.sendErrors },
            help: "Replies over UDP that the kernel did not take")
    }
}
