internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import WireFormat

/// A TCP server of a test that takes down what it is sent.
package final class TextListener: Sendable {
    private let channel: any Channel
    private let log: Log

    private init(_ channel: any Channel, _ log: Log) { (self.channel, self.log) = (channel, log) }

    /// Listens at an address.
    package static func open(at address: TransportAddress) async throws -> TextListener {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                log.connections.withLock { $0.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(log))
                }
            }
            .bind(host: address.address.description, port: Int(address.port)).get()
        return TextListener(channel, log)
    }

    /// All that has come so far, whoever has sent it.
    package var received: String { String(decoding: log.received.withLock { $0 }, as: UTF8.self) }

    /// Ends all connections, and takes no more.
    package func close() async throws {
        _ = try? await channel.close().get()
        for connection in log.connections.withLock({ $0 }) { _ = try? await connection.close().get() }
    }

    private final class Log: Sendable {
        let received = Mutex<[UInt8]>([])
        let connections = Mutex<[any Channel]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let log: Log

        init(_ log: Log) { self.log = log }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            log.received.withLock { $0 += bytes }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
