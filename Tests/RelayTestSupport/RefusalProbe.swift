internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import WireFormat

/// Finds out whether a host says that nobody is at a port ("port unreachable", RFC 1122 §3.2.2.1), which ends calls and
/// makes proxies give up a relay.
package enum RefusalProbe {
    /// Datagrams that are sent: the answer to one comes back with a later one.
    private static let tries = 50

    /// - Returns: true with the first error that comes back.
    package static func isRefused(_ port: TransportAddress) async throws -> Bool {
        let errors = Errors()
        let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton.any())
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(errors) }
            }
            .connect(to: SocketAddress(ipAddress: port.address.description, port: Int(port.port))).get()
        defer { channel.close(promise: nil) }
        for _ in 0..<tries where !errors.areThere.load(ordering: .relaxed) {
            do { try await channel.writeAndFlush(ByteBuffer(string: "probe")) } catch { return true }
        }
        return errors.areThere.load(ordering: .relaxed)
    }

    private final class Errors: ChannelInboundHandler, Sendable {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        let areThere = Atomic(false)

        func errorCaught(context: ChannelHandlerContext, error: any Error) { areThere.store(true, ordering: .relaxed) }
    }
}
