internal import DaemonOptions
internal import RelayControl
internal import RelayCore
internal import RelayOperations
internal import WireFormat

/// All addresses on which commands are answered.
struct Listeners: Sendable {
    private let udp: [UDPListener]
    private var tcp: [TCPListener] = []
    private var console: [ConsoleListener] = []
    private var http: [HTTPListener] = []
    private let handler: any NGMessageHandler

    /// - Parameter sockets: for `listen-ng`, from a guard that has bound them.
    init(
        _ configuration: Configuration, sockets: [Int32]?, handler: any NGMessageHandler, operations: Operations
    ) async throws {
        self.handler = handler
        let tos = configuration.controlTOS
        for address in configuration.listenCLI {
            console.append(
                try await ConsoleListener.start(
                    at: address, idleTimeout: .seconds(configuration.httpIdleTimeout), console: operations.console))
        }
        let services = HTTPServices(
            handler: handler, operations: operations, idleTimeout: .seconds(configuration.httpIdleTimeout),
            name: configuration.softwareID ?? "relayd-\(Relayd.version)")
        for address in configuration.listenHTTP {
            http.append(try await HTTPListener.start(at: address, services: services))
        }
        // Who is answered by NG can count on all the others.
        var udp: [UDPListener] = []
        for (index, address) in configuration.listenNG.enumerated() {
            let socket = sockets.flatMap { index < $0.count ? ControlSocket(descriptor: $0[index]) : nil }
            udp.append(
                try UDPListener(
                    socket ?? ControlSocket(at: address, tos: tos), family: address.address.family, handler: handler))
        }
        self.udp = udp
        for address in configuration.listenTCPNG {
            tcp.append(try await TCPListener.start(at: address, tos: tos, handler: handler))
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
