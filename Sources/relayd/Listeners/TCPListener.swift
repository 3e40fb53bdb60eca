internal import NGProtocol
internal import NIOCore
internal import NIOPosix
internal import RelayControl
internal import WireFormat

/// Answers control messages on one TCP address.
final class TCPListener: Sendable {
    /// Connections at once; one more is closed at once, or the one that has been silent for the longest.
    static let mostConnections = 256
    /// A proxy may be silent for hours. When all places are taken, whoever has been so for this long gives way.
    private static let expendableAfter = TimeAmount.seconds(5)

    private let channel: any Channel

    /// Binds the address and starts to listen.
    ///
    /// - Parameter tos: the TOS octet or traffic class of the answers.
    static func start(
        at local: TransportAddress, tos: UInt8, handler: any NGMessageHandler
    ) async throws -> TCPListener {
        let slots = ConnectionSlots(limit: mostConnections, expendableAfter: expendableAfter)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // A client may be silent for long; one whose host is gone is noticed within minutes.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.keepIdle), value: 60)
            .childChannelOption(.tcpOption(.keepInterval), value: 15)
            .childChannelOption(.tcpOption(.keepCount), value: 4)
            .childChannelOption(.trafficClass(local.address.family), value: Int(tos))
            .childChannelInitializer { channel in
                guard slots.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NGConnection(channel, handler, slots))
                }
            }
        let channel = try await bootstrap.listen(at: local)
        return TCPListener(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    /// Accepts no more connections; those that are open live on until their peer or the process ends.
    func stop() async throws { try await channel.close().get() }
}

// TCP_KEEPIDLE, TCP_KEEPINTVL (seconds) and TCP_KEEPCNT (<netinet/tcp.h>), which NIO has no names for.
extension NIOBSDSocket.Option {
    fileprivate static let keepIdle = NIOBSDSocket.Option(rawValue: 4)
    fileprivate static let keepInterval = NIOBSDSocket.Option(rawValue: 5)
    fileprivate static let keepCount = NIOBSDSocket.Option(rawValue: 6)
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// TOS octet (IPv4) or traffic class (IPv6) of what is sent.
    fileprivate static func trafficClass(_ family: AddressFamily) -> Self {
        // IP_TOS and IPV6_TCLASS (<netinet/in.h>), which NIO has no names for.
        switch family {
        case .ipv4: Self(level: .ip, name: NIOBSDSocket.Option(rawValue: 1))
        case .ipv6: Self(level: .ipv6, name: NIOBSDSocket.Option(rawValue: 67))
        }
    }
}

/// One connection: cuts its stream into messages.
private final class NGConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: any NGMessageHandler
    private let slots: ConnectionSlots
    private let peer: TransportAddress
    private var framer = NGStreamFramer()

    init(_ channel: any Channel, _ handler: any NGMessageHandler, _ slots: ConnectionSlots) {
        (self.handler, self.slots, peer) = (handler, slots, TransportAddress(peerOf: channel))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        slots.note(context.channel)
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
