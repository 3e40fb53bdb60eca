internal import NIOCore
internal import NIOPosix
package import WireFormat

/// A client of the NG protocol over UDP, which repeats commands and recognises replies as Kamailio does.
///
/// It knows only texts: a test writes out what a command looks like on the wire, so that our own codec cannot prove
/// itself right.
package struct NGClient: Sendable {
    package let relay: TransportAddress
    /// How long a try waits for the reply.
    private let patience: Duration
    private let tries: Int

    package init(_ relay: TransportAddress, patience: Duration = .seconds(1), tries: Int = 60) {
        (self.relay, self.patience, self.tries) = (relay, patience, tries)
    }

    /// A client for `eventually`, which asks again itself: it tries once, and no longer than until it hears that nobody is
    /// there.
    package static func eager(_ relay: TransportAddress) -> NGClient { NGClient(relay, tries: 1) }

    package struct NoReply: Error {}

    /// Sends a bencoded command and returns the reply without its cookie.
    ///
    /// The socket is connected: a reply from another address than the one that was asked does not count.
    package func send(_ command: String, cookie: String = newCookie()) async throws -> String {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let reply = loop.makePromise(of: String.self)
        let channel = try await DatagramBootstrap(group: loop)
            // A report of a call is longer than NIO expects a datagram to be.
            .channelOption(ChannelOptions.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let reader = ReplyReader(cookie: cookie, reply: reply, isOnlyTry: tries == 1)
                    try channel.pipeline.syncOperations.addHandler(reader)
                }
            }
            .connect(to: SocketAddress(ipAddress: relay.address.description, port: Int(relay.port))).get()
        let attempts = (0..<tries).map { attempt in
            loop.scheduleTask(in: TimeAmount(patience * attempt)) {
                channel.writeAndFlush(ByteBuffer(string: "\(cookie) \(command)"), promise: nil)
            }
        }
        let end = loop.scheduleTask(in: TimeAmount(patience * tries)) { reply.fail(NoReply()) }
        defer {
            for attempt in attempts { attempt.cancel() }
            end.cancel()
            channel.close(promise: nil)
        }
        return try await reply.futureResult.get()
    }

    /// A cookie that no other command carries.
    package static func newCookie() -> String { "test_\(UInt64.random(in: 0...UInt64.max))" }
}

/// Takes the one reply that begins with our cookie.
private final class ReplyReader: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let cookie: String
    private let reply: EventLoopPromise<String>
    private let isOnlyTry: Bool

    init(cookie: String, reply: EventLoopPromise<String>, isOnlyTry: Bool) {
        (self.cookie, self.reply, self.isOnlyTry) = (cookie, reply, isOnlyTry)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: unwrapInboundIn(data).data)
        if text.hasPrefix(cookie + " ") { reply.succeed(String(text.dropFirst(cookie.count + 1))) }
    }

    /// Port unreachable, most likely: nobody listens yet, or the relay is gone. The next try may fare better.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isOnlyTry { reply.fail(NGClient.NoReply()) }
    }
}
