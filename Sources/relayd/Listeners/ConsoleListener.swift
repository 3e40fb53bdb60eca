internal import NIOCore
internal import NIOPosix
internal import RelayOperations
internal import WireFormat

/// Answers console lines on one TCP address, as rtpengine's `listen-cli` does: one line in, text out, closed.
final class ConsoleListener: Sendable {
    /// Connections at once; one more is closed at once.
    static let mostConnections = 64
    /// Octets of an answer that the system holds for a client; the rest waits for the client to read.
    private static let sendBuffer = 1 << 17

    private let channel: any Channel

    /// Binds the address and starts to listen.
    ///
    /// - Parameter idleTimeout: a connection that says nothing for so long is closed, or takes nothing of its answer.
    static func start(
        at local: TransportAddress, idleTimeout: Duration, console: Console
    ) async throws -> ConsoleListener {
        let slots = ConnectionSlots(limit: mostConnections)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Clients such as `nc -N` have said all when they have sent their line, and want the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_sndbuf), value: sendBuffer)
            .childChannelInitializer { channel in
                guard slots.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        IdleStateHandler(readTimeout: TimeAmount(idleTimeout), writeTimeout: TimeAmount(idleTimeout)),
                        ConsoleConnection(console),
                    ])
                }
            }
        let channel = try await bootstrap.listen(at: local)
        return ConsoleListener(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    /// Accepts no more connections.
    func stop() async throws { try await channel.close().get() }
}

/// One connection: the first line is answered, all else is ignored.
private final class ConsoleConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// An answer leaves in pieces of so many octets: a client that takes one after the other is not stuck.
    private static let piece = 1 << 16

    private enum Phase {
        /// For the line.
        case waiting
        case answering
        case delivering
    }

    private let console: Console
    private var line = ByteBuffer()
    private var phase = Phase.waiting

    init(_ console: Console) { self.console = console }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .waiting else { return }
        var input = unwrapInboundIn(data)
        line.writeBuffer(&input)
        guard let end = line.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            if line.readableBytes > Console.longestLine { context.close(promise: nil) }
            return
        }
        let text = String(buffer: line.getSlice(at: line.readerIndex, length: end - line.readerIndex) ?? ByteBuffer())
        answer(text, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (event, phase) {
        // Half a line and no more: what is there is the line.
        case (ChannelEvent.inputClosed, .waiting) where line.readableBytes > 0: answer(String(buffer: line), context)
        case (ChannelEvent.inputClosed, .waiting), (IdleStateHandler.IdleStateEvent.read, .waiting),
            (IdleStateHandler.IdleStateEvent.write, .delivering):
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ line: String, _ context: ChannelHandlerContext) {
        phase = .answering
        let (console, bound) = (console, NIOLoopBound((self, context), eventLoop: context.eventLoop))
        let answer = context.eventLoop.makeFutureWithTask { await console.answer(line) }
        answer.whenSuccess { text in
            let (connection, context) = bound.value
            connection.deliver(ByteBuffer(string: text), on: context.channel)
        }
    }

    private func deliver(_ answer: ByteBuffer, on channel: any Channel) {
        phase = .delivering
        var rest = answer
        while rest.readableBytes > Self.piece, let piece = rest.readSlice(length: Self.piece) {
            channel.write(piece, promise: nil)
        }
        channel.writeAndFlush(rest).whenComplete { _ in channel.close(promise: nil) }
    }
}
