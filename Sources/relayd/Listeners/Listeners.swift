internal import DaemonOptions
internal import RelayControl
internal import RelayOperations

/// All addresses on which commands are answered.
struct Listeners: Sendable {
    private let udp: [UDPListener]
    private var tcp: [TCPListener] = []
    private var console: [ConsoleListener] = []
    private var http: [HTTPListener] = []

    init(_ configuration: Configuration, handler: any NGMessageHandler, operations: Operations) async throws {
        let tos = configuration.controlTOS
        udp = try configuration.listenNG.map { try UDPListener(at: $0, tos: tos, handler: handler) }
        for address in configuration.listenTCPNG {
            tcp.append(try await TCPListener.start(at: address, tos: tos, handler: handler))
        }
        for address in configuration.listenCLI {
            console.append(
                try await ConsoleListener.start(
                    at: address, idleTimeout: .seconds(configuration.httpIdleTimeout), console: operations.console))
        }
        let services = HTTPServices(
            handler: handler, operations: operations, idleTimeout: .seconds(configuration.httpIdleTimeout))
        for address in configuration.listenHTTP {
            http.append(try await HTTPListener.start(at: address, services: services))
        }
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
