import RelayBenchKit
import WireFormat

/// One telephone of the demonstration call: a socket for RTP and, on the next port, one for RTCP.
struct Party {
    let rtp: UDPSocket
    let rtcp: UDPSocket

    /// RTP on an even port, RTCP on the next one, as RFC 3550 §11 wants it.
    private static let attempts = 200

    init(at address: IPAddress) throws(BenchError) {
        for _ in 0..<Self.attempts {
            let first = try UDPSocket(local: TransportAddress(address, port: 0))
            guard first.local.port.isMultiple(of: 2),
                let second = try? UDPSocket(local: first.local.with(port: first.local.port + 1))
            else { continue }
            for socket in [first, second] { try socket.requestArrival(timestamp: true, tos: true) }
            (rtp, rtcp) = (first, second)
            return
        }
        throw .relayFailed("no pair of free ports on \(address)")
    }

    var description: AudioDescription { AudioDescription(rtp: rtp.local, rtcpPort: rtcp.local.port) }
}
