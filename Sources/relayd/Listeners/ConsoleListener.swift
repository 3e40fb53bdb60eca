internal import NIOCore
internal import NIOPosix
internal import RelayOperations
internal import WireFormat

/// Answers console lines on one TCP address, as rtpengine's `listen-cli` does: one line in, text out, closed.
final class ConsoleListener: Sendable {
    /// Connections at once; one more is closed at once.
    static let mostConnections = 64

    private let channel: any Channel

    /// Binds the address and starts to listen.
    ///
    /// - Parameter idleTimeout: a connection that says nothing for so long is closed.
    static func start(
        at local: TransportAddress, idleTimeout: Duration, console: Console
    ) async throws -> ConsoleListener {
        let slots = ConnectionSlots(limit: mostConnections)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard slots.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        IdleStateHandler(readTimeout: TimeAmount(idleTimeout)), ConsoleConnection(console),
                    ])
                }
            }
        let channel = try await bootstrap.bind(host: local.address.description, port: Int(local.port)).get()
        return ConsoleListener(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    /// Accepts no more connections.
    func stop() async throws { try await channel.close().get() }
}

/// One connection: the first line is answered, all else is ignored.
private final class ConsoleConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let console: Console
    private var line = ByteBuffer()
    private var isAnswered = false

    init(_ console: Console) { self.console = console }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var input = unwrapInboundIn(data)
        line.writeBuffer(&input)
        guard let end = line.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            if line.readableBytes > Console.longestLine { context.close(promise: nil) }
            return
        }
        let text = String(buffer: line.getSlice(at: line.readerIndex, length: end - line.readerIndex) ?? ByteBuffer())
        answer(text, on: context.channel)
    }

    /// Half a line and no more: what is there is the line.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where !isAnswered: answer(String(buffer: line), on: context.channel)
        case is IdleStateHandler.IdleStateEvent where !isAnswered: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ line: String, on channel: any Channel) {
        isAnswered = true
        let console = console
        let answer = channel.eventLoop.makeFutureWithTask { await console.answer(line) }
        answer.whenSuccess { text in
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
