internal import NGProtocol
internal import NIOCore
internal import NIOWebSocket
internal import RelayControl
internal import RelayOperations
internal import WireFormat

/// What is spoken on a WebSocket (RFC 6455 §1.9).
enum WebSocketProtocol: String, CaseIterable {
    case ng = "ng.rtpengine.com"
    /// NG without cookies.
    case plainNG = "ng-plain.rtpengine.com"
    case console = "cli.rtpengine.com"
    case echo = "echo.rtpengine.com"

    /// The first of those asked for that we know.
    init?(asked names: some Collection<Substring>) {
        guard let known = names.lazy.compactMap({ Self(rawValue: String($0)) }).first else { return nil }
        self = known
    }
}

/// One WebSocket: a message in, an answer out.
final class WebSocketConnection: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let services: HTTPServices
    private let subprotocol: WebSocketProtocol
    private let peer: TransportAddress
    /// The peer was asked whether it is still there, and has said nothing since.
    private var isDoubtful = false

    init(_ channel: any Channel, _ subprotocol: WebSocketProtocol, _ services: HTTPServices) {
        (self.services, self.subprotocol, peer) = (services, subprotocol, TransportAddress(peerOf: channel))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        isDoubtful = false
        switch frame.opcode {
        case .text, .binary: answer(frame, on: context.channel)
        case .ping: Self.send(.pong, Array(frame.unmaskedData.readableBytesView), to: context.channel)
        case .connectionClose:
            let channel = context.channel
            let reply = WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData)
            channel.writeAndFlush(reply).whenComplete { _ in channel.close(promise: nil) }
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        // A proxy may have nothing to say for a while; one that is gone must not keep its place.
        guard !isDoubtful else { return context.close(promise: nil) }
        isDoubtful = true
        Self.send(.ping, [], to: context.channel)
    }

    /// A peer that asks but does not read its answers must not fill our memory: it is not read either.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: context.channel.isWritable).whenComplete { _ in }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ frame: WebSocketFrame, on channel: any Channel) {
        let message = Array(frame.unmaskedData.readableBytesView)
        let opcode = frame.opcode
        switch subprotocol {
        case .ng:
            services.handler.receive(message, from: peer) { Self.send(opcode, $0, to: channel) }
        case .plainNG:
            PlainNG.receive(message, from: peer, handler: services.handler) { Self.send(opcode, $0, to: channel) }
        case .console:
            let console = services.operations.console
            channel.eventLoop.makeFutureWithTask { await console.answer(String(decoding: message, as: UTF8.self)) }
                .whenSuccess { Self.send(.text, Array($0.utf8), to: channel) }
        case .echo: Self.send(opcode, message, to: channel)
        }
    }

    private static func send(_ opcode: WebSocketOpcode, _ message: [UInt8], to channel: any Channel) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: ByteBuffer(bytes: message))
        channel.writeAndFlush(frame, promise: nil)
    }
}
