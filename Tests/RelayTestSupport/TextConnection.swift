internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import WireFormat

/// A TCP connection of a test that sends text and reads text.
package final class TextConnection: Sendable {
    private let channel: any Channel
    private let reader: Reader

    private init(_ channel: any Channel, _ reader: Reader) { (self.channel, self.reader) = (channel, reader) }

    /// Connects.
    ///
    /// - Parameters:
    ///   - reads: false to leave what comes where it is.
    ///   - closesHalf: `closeOutput` may be called.
    package static func open(
        _ address: TransportAddress, reads: Bool = true, closesHalf: Bool = false
    ) async throws -> TextConnection {
        let reader = Reader()
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads).channelOption(.allowRemoteHalfClosure, value: closesHalf)
        // The least that the system gives.
        let narrow = reads ? bootstrap : bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 1)
        let channel =
            try await narrow
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(reader.handler())
                }
            }
            .connect(host: address.address.description, port: Int(address.port)).get()
        return TextConnection(channel, reader)
    }

    /// Sends text. A peer that has closed the connection is no error: what it says, or does not, is what counts.
    package func send(_ text: String) async throws {
        _ = try? await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Sends octets.
    package func send(_ octets: [UInt8]) async throws {
        _ = try? await channel.writeAndFlush(ByteBuffer(bytes: octets)).get()
    }

    /// Has said all: the peer sees the end of the stream, and can still answer.
    package func closeOutput() async throws { _ = try? await channel.close(mode: .output).get() }

    /// What has been received so far.
    package var received: [UInt8] { reader.received.withLock { $0 } }

    /// All that the peer sends until it closes the connection.
    package func everything() async throws -> String {
        _ = try? await channel.closeFuture.get()
        return String(decoding: received, as: UTF8.self)
    }

    /// What the peer sends until it has said a text, or closes the connection.
    package func everything(until text: String) async throws -> String {
        try await eventually("a peer says \(text), or closes") { [self] in
            let received = String(decoding: received, as: UTF8.self)
            return received.contains(text) || !channel.isActive ? received : nil
        }
    }

    /// Waits until what was received holds a text, and returns all of it.
    package func until(_ text: String) async throws -> String {
        try await eventually("a peer says \(text)") { [self] in
            let received = String(decoding: received, as: UTF8.self)
            return received.contains(text) ? received : nil
        }
    }

    package func close() async throws { _ = try? await channel.close().get() }

    private final class Reader: Sendable {
        let received = Mutex<[UInt8]>([])

        func handler() -> Handler { Handler(self) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let reader: Reader

        init(_ reader: Reader) { self.reader = reader }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            reader.received.withLock { $0 += bytes }
        }

        /// The peer has said all.
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
