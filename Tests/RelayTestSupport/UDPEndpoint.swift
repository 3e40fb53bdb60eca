internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import WireFormat

/// A UDP port of ours, say a telephone's for its media: it sends, and keeps what arrives.
package final class UDPEndpoint: Sendable {
    package let local: TransportAddress
    private let channel: any Channel
    private let seen = Mutex<[CapturedDatagram]>([])

    /// Binds a port. `close` gives it back.
    package init(at local: TransportAddress) async throws {
        self.local = local
        // The largest datagram; what is longer than the room for it would be cut.
        channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            // Twice what is usual: it has to keep what comes while this process does not get a processor.
            .channelOption(.socketOption(.so_rcvbuf), value: 212_992)
            .bind(
                // By address: looking a name up fails while other tests' interfaces come and go (AI_ADDRCONFIG).
                to: SocketAddress(ipAddress: local.address.description, port: Int(local.port))
            ).get()
        try await channel.pipeline.addHandler(Recorder(self)).get()
    }

    /// What was sent and what arrived, in order.
    package var datagrams: [CapturedDatagram] { seen.withLock { $0 } }

    /// How many datagrams have arrived.
    package var receivedCount: Int { seen.withLock { $0.count { $0.destination == local } } }

    /// Sends a datagram.
    package func send(_ payload: [UInt8], to destination: TransportAddress) async throws {
        try await channel.writeAndFlush(envelope(payload, to: destination)).get()
        record(CapturedDatagram(source: local, destination: destination, payload: payload))
    }

    /// Sends one datagram to each of many, with as few system calls as can be.
    package func send(_ payload: [UInt8], toAll destinations: [TransportAddress]) async throws {
        try await flush(try destinations.map { try envelope(payload, to: $0) })
    }

    /// Sends datagrams in one go: however busy the machine is, no pause comes between them.
    package func send(_ payloads: [[UInt8]], to destination: TransportAddress) async throws {
        try await flush(try payloads.map { try envelope($0, to: destination) })
        for payload in payloads {
            record(CapturedDatagram(source: local, destination: destination, payload: payload))
        }
    }

    private func flush(_ envelopes: [AddressedEnvelope<ByteBuffer>]) async throws {
        for envelope in envelopes { channel.write(envelope, promise: nil) }
        try await channel.eventLoop.submit { [channel] in channel.flush() }.get()
    }

    /// Sends datagrams, one each interval. Returns at once.
    package func play(_ payloads: [[UInt8]], to destination: TransportAddress, every interval: Duration) throws {
        for (index, payload) in payloads.enumerated() {
            let envelope = try envelope(payload, to: destination)
            channel.eventLoop.scheduleTask(in: TimeAmount(interval * index)) { [self] in
                record(CapturedDatagram(source: local, destination: destination, payload: payload))
                channel.writeAndFlush(envelope, promise: nil)
            }
        }
    }

    private func envelope(
        _ payload: [UInt8], to destination: TransportAddress
    ) throws -> AddressedEnvelope<ByteBuffer> {
        AddressedEnvelope(
            remoteAddress: try SocketAddress(ipAddress: destination.address.description, port: Int(destination.port)),
            data: ByteBuffer(bytes: payload))
    }

    package func close() { channel.close(promise: nil) }

    fileprivate func record(_ datagram: CapturedDatagram) { seen.withLock { $0.append(datagram) } }
}

private final class Recorder: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let endpoint: UDPEndpoint

    init(_ endpoint: UDPEndpoint) { self.endpoint = endpoint }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let host = envelope.remoteAddress.ipAddress.flatMap({ IPAddress($0) }),
            let port = envelope.remoteAddress.port.flatMap({ UInt16(exactly: $0) })
        else { return }
        endpoint.record(
            CapturedDatagram(
                source: TransportAddress(host, port: port), destination: endpoint.local,
                payload: Array(envelope.data.readableBytesView)))
    }

    /// Port unreachable: the packet is lost, and the count will show it.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
