internal import ArgumentParser
internal import DaemonOptions
internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import RelayCore
internal import WireFormat

/// Why there is no answer. Not the user's mistake, so nobody is told how to use the program.
struct NoAnswer: Error, CustomStringConvertible {
    let description: String
}

/// What the relay has answered.
struct ConsoleAnswer {
    private struct Envelope: Decodable {
        let result: String
        let text: String
    }

    /// As it came.
    let line: String
    let text: String
    let isFailure: Bool

    init(_ line: String) throws {
        guard !line.isEmpty else {
            throw NoAnswer(
                description: "the relay has hung up without an answer: too many others ask it, or the line is too long")
        }
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(line.utf8)) else {
            throw NoAnswer(
                description: "the relay's answer cannot be understood; is that really a relay's console?")
        }
        self.line = line
        (text, isFailure) = (envelope.text, envelope.result != "ok")
    }

    /// The data in it as JSON, as it came: the last member, whose name cannot stand within a string.
    var data: String? {
        guard let start = line.firstRange(of: ",\"data\":")?.upperBound, let end = line.lastIndex(of: "}") else {
            return nil
        }
        return String(line[start..<end])
    }

    /// The data in it.
    func decode<Value: Decodable>(_: Value.Type) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data((data ?? "null").utf8))
    }
}

/// Asks the console of a relay.
struct ConsoleClient {
    private static let defaultPort: UInt16 = 9900
    /// A list of 25,000 calls takes 10 MB.
    private static let longestAnswer = 1 << 28

    private let address: TransportAddress
    private let timeout: Duration

    init(_ connection: Connection) throws {
        timeout = .seconds(connection.timeout)
        address = try Self.address(connection)
    }

    private static func address(_ connection: Connection) throws -> TransportAddress {
        let arguments = connection.address.map { ["--config-file=none", "--listen-cli=\($0)"] }
        let configuration = try Configuration(reading: arguments ?? connection.source.arguments)
        guard let first = configuration.listenCLI.first else {
            return TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: defaultPort)
        }
        // Of the addresses of a name the relay may lack those of IPv6.
        let others = configuration.listenCLI.filter(configuration.alternativeListeners.contains)
        let listener = others.first { $0.address.family == .ipv4 && $0.port == first.port } ?? first
        // One that listens everywhere is here too.
        guard listener.address.isUnspecified else { return listener }
        let loopback = listener.address.family == .ipv4 ? IPAddress(ipv4: 0x7F00_0001) : IPAddress("::1")
        return TransportAddress(loopback ?? listener.address, port: listener.port)
    }

    /// Sends words and waits for the answer.
    func ask(_ words: [String]) async throws -> ConsoleAnswer {
        let line = (["--json"] + words).joined(separator: " ")
        guard !line.contains(where: \.isNewline) else { throw ValidationError("a command is one line") }
        let collected = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: String.self)
        let limit = Self.longestAnswer
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(timeout))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collector(collected, limit: limit))
                    }
                }
                .connect(host: address.address.description, port: Int(address.port)).get()
        } catch {
            collected.fail(error)
            throw NoAnswer(
                description: "no relay answers at \(address): start it with --listen-cli, or name another --address")
        }
        let end = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
            collected.fail(NoAnswer(description: "the relay does not answer"))
        }
        defer { end.cancel() }
        try await channel.writeAndFlush(ByteBuffer(string: line + "\n"))
        return try ConsoleAnswer(try await collected.futureResult.get())
    }
}

/// Takes everything until the relay closes the connection.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let collected: EventLoopPromise<String>
    private let limit: Int
    private var buffer = ByteBuffer()

    init(_ collected: EventLoopPromise<String>, limit: Int) { (self.collected, self.limit) = (collected, limit) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        buffer.writeBuffer(&input)
        if buffer.readableBytes > limit { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { collected.succeed(String(buffer: buffer)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
