internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOWebSocket
internal import RelayControl
internal import RelayOperations
internal import WireFormat

/// What HTTP and WebSocket clients can reach.
struct HTTPServices: Sendable {
    let handler: any NGMessageHandler
    let operations: Operations
    /// A connection that says nothing for so long is closed; on a WebSocket the peer is asked first.
    let idleTimeout: Duration
    /// What we call ourselves.
    let name: String

    /// The largest request body and WebSocket message, in octets: the largest NG message over UDP, and some.
    static let largestBody = 1 << 17
}

/// Answers HTTP and WebSocket on one address: metrics, NG and the console.
final class HTTPListener: Sendable {
    /// Connections at once; one more is closed at once.
    static let mostConnections = 1024

    private let channel: any Channel

    /// Binds the address and starts to listen.
    static func start(at local: TransportAddress, services: HTTPServices) async throws -> HTTPListener {
        let slots = ConnectionSlots(limit: mostConnections)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                guard slots.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture { try configure(channel, services) }
            }
        let channel = try await bootstrap.listen(at: local)
        return HTTPListener(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    /// Accepts no more connections.
    func stop() async throws { try await channel.close().get() }

    private static func configure(_ channel: any Channel, _ services: HTTPServices) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(IdleStateHandler(readTimeout: TimeAmount(services.idleTimeout)))
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: HTTPServices.largestBody,
            shouldUpgrade: { channel, head in
                let subprotocol = WebSocketProtocol(asked: head.headers[canonicalForm: "sec-websocket-protocol"])
                guard let subprotocol, HTTPConnection.isSameOrigin(head) else {
                    return channel.eventLoop.makeSucceededFuture(nil)
                }
                return channel.eventLoop.makeSucceededFuture(["Sec-WebSocket-Protocol": subprotocol.rawValue])
            },
            upgradePipelineHandler: { channel, head in
                let asked = head.headers[canonicalForm: "sec-websocket-protocol"]
                return channel.eventLoop.makeCompletedFuture {
                    try upgrade(channel, to: WebSocketProtocol(asked: asked) ?? .echo, services)
                }
            })
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    // The upgrader adds the WebSocket's handler; that for requests has done its work.
                    let pipeline = context.pipeline.syncOperations
                    guard let requests = try? pipeline.handler(type: HTTPConnection.self) else { return }
                    pipeline.removeHandler(requests, promise: nil)
                }
            ),
            withErrorHandling: true)
        try pipeline.addHandler(HTTPConnection(channel, services))
    }

    private static func upgrade(
        _ channel: any Channel, to subprotocol: WebSocketProtocol, _ services: HTTPServices
    ) throws {
        try channel.pipeline.syncOperations.addHandlers([
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 1, maxAccumulatedFrameCount: 1024,
                maxAccumulatedFrameSize: HTTPServices.largestBody),
            WebSocketConnection(channel, subprotocol, services),
        ])
    }
}

extension TransportAddress {
    /// The other end of a connection; unspecified when it is gone already.
    init(peerOf channel: any Channel) {
        let remote = channel.remoteAddress
        let address = remote?.ipAddress.flatMap { IPAddress($0) } ?? .unspecified(.ipv4)
        self.init(address, port: remote?.port.flatMap { UInt16(exactly: $0) } ?? 0)
    }
}
