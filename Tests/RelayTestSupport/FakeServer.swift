internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import WireFormat

/// A TCP server that says the same to whatever it hears.
package final class FakeServer: Sendable {
    private let channel: any Channel
    private let counter: Counter

    private init(_ channel: any Channel, _ counter: Counter) { (self.channel, self.counter) = (channel, counter) }

    /// Listens.
    ///
    /// - Parameters:
    ///   - answer: sent for everything that arrives.
    ///   - repeats: goes on sending it for as long as the other side reads.
    ///   - closes: hangs up afterwards.
    package static func start(
        at address: TransportAddress, saying answer: [UInt8], repeats: Bool = false, closes: Bool = false
    ) async throws -> FakeServer {
        let counter = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                counter.connections.add(1, ordering: .relaxed)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer, repeats, closes))
                }
            }
            .bind(host: address.address.description, port: Int(address.port)).get()
        return FakeServer(channel, counter)
    }

    /// How often somebody has connected.
    package var connections: Int { counter.connections.load(ordering: .relaxed) }

    /// Stops listening; connections end when the other side closes them.
    package func stop() async { try? await channel.close() }

    private final class Counter: Sendable { let connections = Atomic<Int>(0) }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: [UInt8]
        private let (repeats, closes): (Bool, Bool)

        init(_ answer: [UInt8], _ repeats: Bool, _ closes: Bool) {
            (self.answer, self.repeats, self.closes) = (answer, repeats, closes)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { send(context) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func send(_ context: ChannelHandlerContext) {
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer))).whenSuccess {
                let (handler, context) = loopBound.value
                if handler.repeats { handler.send(context) } else if handler.closes { context.close(promise: nil) }
            }
        }
    }
}
