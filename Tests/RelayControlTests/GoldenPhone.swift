import Foundation
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// A telephone's media ports in a golden case: RTP at port 4000 of an address of its own, RTCP at 4001.
final class GoldenPhone: Sendable {
    let name: String
    let address: IPAddress
    private let rtp, rtcp: UDPEndpoint
    private let state = Mutex((sequence: UInt16(0), readRTP: 0, readRTCP: 0))

    /// Every telephone of every process gets another address of 127.0.0.0/8.
    private static let counter = Atomic<UInt32>(0)

    init(_ name: String) async throws {
        let number = Self.counter.add(1, ordering: .relaxed).oldValue
        let host = (UInt32(ProcessInfo.processInfo.processIdentifier) % 200) << 16 + number % 60_000
        self.name = name
        address = IPAddress(ipv4: 0x7F14_0001 + host)
        rtp = try await UDPEndpoint(at: TransportAddress(address, port: 4000))
        rtcp = try await UDPEndpoint(at: TransportAddress(address, port: 4001))
    }

    func close() {
        rtp.close()
        rtcp.close()
    }

    /// Sends what `words` say to a port of the relay.
    func send(_ kind: Packet, count: Int, to relay: TransportAddress, fromRTCPPort: Bool) async throws {
        for _ in 0..<count {
            let sequence = state.withLock { state in
                state.sequence += 1
                return state.sequence
            }
            let octets = kind.octets(sequence: sequence, ssrc: UInt32(name.utf8.first ?? 0))
            try await (fromRTCPPort ? rtcp : rtp).send(octets, to: relay)
        }
    }

    /// Sends RTP of which some packets are lost on their way to the relay; the others come in one go.
    func send(
        _ kind: Packet, count before: Int, missing: Int, then after: Int, to relay: TransportAddress
    ) async throws {
        let sequence = state.withLock { state in
            defer { state.sequence += UInt16(before + missing + after) }
            return state.sequence
        }
        let numbers = Array(1...before + missing + after)
        let sent = (numbers.prefix(before) + numbers.suffix(after)).map {
            kind.octets(sequence: sequence + UInt16($0), ssrc: UInt32(name.utf8.first ?? 0))
        }
        try await rtp.send(sent, to: relay)
    }

    /// What has arrived at a port since the last time; waits until it is `count` datagrams.
    func receive(_ count: Int, atRTCPPort: Bool) async throws -> [[UInt8]] {
        let endpoint = atRTCPPort ? rtcp : rtp
        let seen = state.withLock { atRTCPPort ? $0.readRTCP : $0.readRTP }
        // Nothing is never there: give it time to show that it was not nothing.
        let deadline = ContinuousClock.now + (count == 0 ? .milliseconds(60) : .seconds(5))
        var arrived: [[UInt8]] = []
        var isLastLook = false
        while true {
            arrived = endpoint.datagrams.filter { $0.destination == endpoint.local }.dropFirst(seen).map(\.payload)
            if isLastLook || count > 0 && arrived.count >= count { break }
            // On a busy machine the pause can take until long after the deadline, and what was waited for has come by then.
            isLastLook = ContinuousClock.now >= deadline
            if !isLastLook { try await Task.sleep(for: .milliseconds(2)) }
        }
        let total = seen + arrived.count
        state.withLock { if atRTCPPort { $0.readRTCP = total } else { $0.readRTP = total } }
        return arrived
    }

    /// Something that a telephone sends.
    enum Packet: Equatable {
        /// RTP of a payload type, with ten octets of sound.
        case rtp(UInt8)
        /// RTP of a payload type, with one octet ten times.
        case silence(UInt8, UInt8)
        /// An empty receiver report.
        case rtcp
        /// An RTP header alone.
        case empty
        /// Neither RTP nor RTCP: fax, or anything.
        case data

        func octets(sequence: UInt16, ssrc: UInt32) -> [UInt8] {
            func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
            switch self {
            case .rtp(let type): return header(type, sequence, ssrc) + (1...10)
            case .silence(let type, let octet):
                return header(type, sequence, ssrc) + [UInt8](repeating: octet, count: 10)
            case .rtcp: return [0x80, 201, 0, 1] + word(ssrc)
            case .empty: return header(0, sequence, ssrc)
            case .data: return [0, UInt8(truncatingIfNeeded: sequence), 1, 2, 3, 4, 5, 6]
            }
        }

        private func header(_ type: UInt8, _ sequence: UInt16, _ ssrc: UInt32) -> [UInt8] {
            var octets: [UInt8] = [0x80, type, UInt8(sequence >> 8), UInt8(truncatingIfNeeded: sequence)]
            for value in [UInt32(sequence) * 160, ssrc] {
                octets += (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
            }
            return octets
        }

        /// What a received datagram is.
        init(_ octets: [UInt8]) {
            guard octets.count >= 8, octets[0] >> 6 == 2 else {
                self = .data
                return
            }
            if octets[1] == 201 {
                self = .rtcp
            } else if octets.count == 12 {
                self = .empty
            } else if let first = octets.dropFirst(12).first, octets.dropFirst(12).allSatisfy({ $0 == first }) {
                self = .silence(octets[1] & 0x7F, first)
            } else {
                self = .rtp(octets[1] & 0x7F)
            }
        }

        /// `rtp 8`, `silence`, `rtcp`, `data`, `empty rtp`.
        init?(_ words: ArraySlice<String>) {
            switch words.first {
            case "rtp": self = .rtp(UInt8(words.dropFirst().first ?? "") ?? 0)
            case "silence": self = .silence(8, 0xD5)
            case "rtcp": self = .rtcp
            case "data": self = .data
            case "empty": self = .empty
            default: return nil
            }
        }
    }
}
