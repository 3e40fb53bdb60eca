internal import NIOCore
internal import NIOHTTP1
internal import NGProtocol
internal import RelayControl
internal import RelayOperations
internal import WireFormat

/// One HTTP connection: takes requests one after the other, as the pipeline hands them over.
final class HTTPConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What goes back.
    struct Answer: Sendable {
        var status = HTTPResponseStatus.ok
        var contentType = "text/plain"
        var body: [UInt8]

        init(_ text: String, _ status: HTTPResponseStatus = .ok) {
            (body, self.status) = (Array(text.utf8), status)
        }

        init(_ body: [UInt8], contentType: String) { (self.body, self.contentType) = (body, contentType) }
    }

    /// As rtpengine answers an NG message that deserves no reply.
    private static let failed = HTTPResponseStatus.custom(code: 600, reasonPhrase: "Failed")
    private static let ngType = "application/x-rtpengine-ng"

    private let services: HTTPServices
    private let peer: TransportAddress
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ channel: any Channel, _ services: HTTPServices) {
        (self.services, peer) = (services, TransportAddress(peerOf: channel))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            (self.head, body) = (head, ByteBuffer())
        case .body(var part):
            guard head != nil else { return }  // the rest of what was refused
            guard body.readableBytes + part.readableBytes <= HTTPServices.largestBody else {
                head = nil
                return Self.send(
                    Answer("too large\n", .payloadTooLarge), services.name, keepAlive: false, to: context.channel)
            }
            body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            self.head = nil
            let channel = context.channel
            let name = services.name
            answer(head, on: channel) { Self.send($0, name, keepAlive: head.isKeepAlive, to: channel) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// False for a request that a page from elsewhere has made a browser send: there are no passwords here that would
    /// keep it from ending calls.
    static func isSameOrigin(_ head: HTTPRequestHead) -> Bool {
        guard let origin = head.headers.first(name: "origin") else { return true }
        func host(_ text: Substring) -> Substring {
            text.hasPrefix("[") ? text.prefix { $0 != "]" } : text.prefix { $0 != ":" }
        }
        let authority = origin.split(separator: "//", maxSplits: 1).last ?? ""
        return host(authority) == host((head.headers.first(name: "host") ?? "")[...])
    }

    /// Whether a browser asks. One that loads what a page shows as a picture sends no `Origin`; its own name no page can change.
    private static func isOfBrowser(_ head: HTTPRequestHead) -> Bool {
        head.headers["user-agent"].contains { $0.hasPrefix("Mozilla/") }
    }

    /// Whether a console line asks for something and changes nothing.
    private static func onlyShows(_ line: String) -> Bool {
        line.split(separator: " ").first { $0 != "--json" }.map { showing.contains(String($0)) } ?? true
    }

    private static let showing: Set = [
        "list", "get", "help", "usage", "ping", "status", "statistics", "metrics", "version", "ready", "routes",
        "cluster",
    ]

    // MARK: Requests

    private func answer(
        _ head: HTTPRequestHead, on channel: any Channel, done: @escaping @Sendable (Answer) -> Void
    ) {
        let path = head.uri.prefix { $0 != "?" }
        guard Self.isSameOrigin(head) else { return done(Answer("cross-origin requests are refused\n", .forbidden)) }
        switch (head.method, path) {
        case (.GET, "/ping"): done(Answer("pong\n"))
        case (.GET, "/ready"):
            let console = services.operations.console
            channel.eventLoop.makeFutureWithTask { await console.run([ReadinessCommand.word]) }
                .whenSuccess { done(Answer($0.text, $0.isFailure ? .serviceUnavailable : .ok)) }
        case (.GET, "/metrics"):
            let text = PrometheusText.render(services.operations.metrics)
            done(Answer(Array(text.utf8), contentType: "text/plain; version=0.0.4; charset=utf-8"))
        case (.GET, _) where path.hasPrefix("/cli/"):
            let line = Self.decoded(path.dropFirst("/cli/".count).replacing("+", with: " "))
            guard !Self.isOfBrowser(head) || Self.onlyShows(line) else {
                return done(Answer("a browser cannot change anything like this; use POST or relayctl\n", .forbidden))
            }
            console(line, on: channel, done)
        case (.POST, "/cli"): console(String(buffer: body), on: channel, done)
        case (.POST, "/ng"): ng(Array(body.readableBytesView), head, done)
        case (.POST, "/ng-plain"): plainNG(Array(body.readableBytesView), head, done)
        case (_, "/ping"), (_, "/ready"), (_, "/metrics"), (_, "/cli"), (_, "/ng"), (_, "/ng-plain"):
            done(Answer("method not allowed\n", .methodNotAllowed))
        default: done(Answer("not found\n", .notFound))
        }
    }

    /// A path without its percent signs (RFC 3986 §2.1); those that stand for nothing stay.
    private static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func console(_ line: String, on channel: any Channel, _ done: @escaping @Sendable (Answer) -> Void) {
        let console = services.operations.console
        channel.eventLoop.makeFutureWithTask { await console.answer(line) }
            .whenSuccess { done(Answer($0)) }
    }

    private func ng(_ message: [UInt8], _ head: HTTPRequestHead, _ done: @escaping @Sendable (Answer) -> Void) {
        guard NGMessage(datagram: message) != nil else { return done(Answer("", Self.failed)) }
        let type = Self.contentType(of: head)
        services.handler.receive(message, from: peer) { done(Answer($0, contentType: type)) }
    }

    private func plainNG(_ body: [UInt8], _ head: HTTPRequestHead, _ done: @escaping @Sendable (Answer) -> Void) {
        let type = Self.contentType(of: head)
        PlainNG.receive(body, from: peer, handler: services.handler) { done(Answer($0, contentType: type)) }
    }

    private static func contentType(of head: HTTPRequestHead) -> String {
        head.headers.first(name: "content-type") == "application/json" ? "application/json" : ngType
    }

    private static func send(_ answer: Answer, _ name: String, keepAlive: Bool, to channel: any Channel) {
        var head = HTTPResponseHead(version: .http1_1, status: answer.status)
        head.headers.add(name: "Server", value: name)
        head.headers.add(name: "Content-Type", value: answer.contentType)
        head.headers.add(name: "Content-Length", value: "\(answer.body.count)")
        if !keepAlive { head.headers.add(name: "Connection", value: "close") }
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: answer.body))), promise: nil)
        let end = channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        if !keepAlive { end.whenComplete { _ in channel.close(promise: nil) } }
    }
}

/// NG without cookies, on transports that pair requests and replies themselves.
enum PlainNG {
    /// Carries out a message that has no cookie.
    static func receive(
        _ body: [UInt8], from peer: TransportAddress, handler: any NGMessageHandler,
        reply: @escaping @Sendable ([UInt8]) -> Void
    ) {
        // Nothing is a retransmission here, so no two messages may look alike.
        let cookie = Array("\(String(UInt64.random(in: .min ... .max), radix: 36)) ".utf8)
        handler.receive(cookie + body, from: peer) { reply(Array($0.dropFirst(cookie.count))) }
    }
}
