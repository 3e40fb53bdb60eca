import RelayBenchKit
import WireFormat

/// The generator's sockets: `endpoints` for the offerers, then as many for the answerers.
struct MediaEndpoints {
    let sockets: [UDPSocket]
    private let perSide: Int

    /// Half a second at 100,000 packets a second; the kernel counts about 1 KB for each.
    static let bufferBytes = 64 << 20

    /// - Parameter sink: where the answerers are; `nil` for beside the offerers.
    init(at address: IPAddress, perSide: Int, sink: MediaSink? = nil) throws(BenchError) {
        self.perSide = perSide
        let offerers = try Self.open(perSide, at: address)
        guard let sink else {
            sockets = offerers + (try Self.open(perSide, at: address))
            return
        }
        sockets =
            offerers
            + (try sink.namespace.visit { () throws(BenchError) in try Self.open(perSide, at: sink.address) })
    }

    private static func open(_ count: Int, at address: IPAddress) throws(BenchError) -> [UDPSocket] {
        var sockets: [UDPSocket] = []
        for _ in 0..<count {
            let socket = try UDPSocket(local: TransportAddress(address, port: 0))
            _ = try socket.setBuffers(bufferBytes / count + (1 << 20))
            try socket.requestArrival(timestamp: true, tos: false)
            sockets.append(socket)
        }
        return sockets
    }

    /// Index of the socket that a sender of a call uses.
    func index(_ sender: Flow.Sender, endpoint: Int) -> Int { sender.rawValue * perSide + endpoint }

    /// The addresses of one side, for its session descriptions.
    func descriptions(_ sender: Flow.Sender) -> [AudioDescription] {
        (0..<perSide).map { endpoint in
            let local = sockets[index(sender, endpoint: endpoint)].local
            return AudioDescription(rtp: local, rtcpPort: local.port == .max ? local.port : local.port + 1)
        }
    }

    /// Datagrams that arrived here and that the generator was too slow to read.
    var drops: Int { sockets.reduce(0) { $0 + $1.drops } }
}
