internal import NGProtocol
internal import NIOCore
internal import NIOPosix
internal import RelayControl
internal import Synchronization
internal import WireFormat

/// Answers control messages on one TCP address.
final class TCPListener: Sendable {
    /// Connections at once; one more is closed at once.
    static let mostConnections = 256

    private let channel: any Channel

    /// Binds the address and starts to listen.
    static func start(at local: TransportAddress, handler: any NGMessageHandler) async throws -> TCPListener {
        let slots = ConnectionSlots(limit: mostConnections)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard slots.take() else { return channel.close() }
                channel.closeFuture.whenComplete { _ in slots.giveBack() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NGConnection(channel, handler))
                }
            }
        let channel = try await bootstrap.bind(host: local.address.description, port: Int(local.port)).get()
        return TCPListener(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    /// Accepts no more connections; those that are open live on until their peer or the process ends.
    func stop() async throws { try await channel.close().get() }
}

/// Counts connections.
private final class ConnectionSlots: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    func take() -> Bool {
        used.withLock { used in
            guard used < limit else { return false }
            used += 1
            return true
        }
    }

    func giveBack() { used.withLock { $0 -= 1 } }
}

/// One connection: cuts its stream into messages.
private final class NGConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: any NGMessageHandler
    private let peer: TransportAddress
    private var framer = NGStreamFramer()

    init(_ channel: any Channel, _ handler: any NGMessageHandler) {
        self.handler = handler
        let remote = channel.remoteAddress
        let address = remote?.ipAddress.flatMap { IPAddress($0) } ?? .unspecified(.ipv4)
        peer = TransportAddress(address, port: remote?.port.flatMap { UInt16(exactly: $0) } ?? 0)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        framer.append(Array(unwrapInboundIn(data).readableBytesView))
        while true {
            switch framer.next() {
            case .message(let message):
                let channel = context.channel
                handler.receive(message, from: peer) { answer in
                    channel.writeAndFlush(ByteBuffer(bytes: answer), promise: nil)
                }
            case .needsMore: return
            case .garbage:
                context.close(promise: nil)
                return
            }
        }
    }

    /// A peer that asks but does not read its answers must not fill our memory: it is not read either.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: context.channel.isWritable).whenComplete { _ in }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
