import Foundation
import RelayTestSupport
import Testing
import WireFormat

/// A call between two telephones through a relay, with real packets.
final class TestCall: Sendable {
    let relay: NGClient
    let id: String
    let (caller, callee): (UDPEndpoint, UDPEndpoint)
    /// The relay's RTP ports that caller and callee send to.
    let (callersPort, calleesPort): (TransportAddress, TransportAddress)

    struct Odd: Error, CustomStringConvertible { let description: String }

    /// Sets a call up: offer and answer.
    init(_ id: String, through relay: NGClient, _ caller: TransportAddress, _ callee: TransportAddress) async throws {
        (self.relay, self.id) = (relay, id)
        let family = callee.address.family == .ipv4 ? "IP4" : "IP6"
        let toCallee = try await relay.send(
            Self.command([
                ("command", "offer"), ("call-id", id), ("from-tag", "a"), ("sdp", Self.sdp(caller)),
                ("address-family", family),
            ]))
        let toCaller = try await relay.send(
            Self.command([
                ("command", "answer"), ("call-id", id), ("from-tag", "a"), ("to-tag", "b"), ("sdp", Self.sdp(callee)),
            ]))
        (calleesPort, callersPort) = (try Self.media(in: toCallee), try Self.media(in: toCaller))
        self.caller = try await UDPEndpoint(at: caller)
        self.callee = try await UDPEndpoint(at: callee)
    }

    func close() {
        caller.close()
        callee.close()
    }

    private static func command(_ entries: [(String, String)]) -> String {
        "d" + entries.map { "\($0.utf8.count):\($0)\($1.utf8.count):\($1)" }.joined() + "e"
    }

    private static func sdp(_ address: TransportAddress) -> String {
        let line = "\(address.address.family.sdpName) \(address.address)"
        return ["v=0", "o=- 1 1 IN \(line)", "s=-", "c=IN \(line)", "t=0 0", "m=audio \(address.port) RTP/AVP 8"]
            .map { $0 + "\r\n" }.joined()
    }

    private static func media(in reply: String) throws -> TransportAddress {
        let lines = reply.split(whereSeparator: \.isNewline)
        let address = lines.last { $0.contains("c=IN IP") }?.split(separator: " ").last.flatMap { IPAddress($0) }
        let port = lines.first { $0.hasPrefix("m=audio ") }.flatMap { UInt16($0.split(separator: " ")[1]) }
        guard let address, let port else { throw Odd(description: "no media in \(reply)") }
        return TransportAddress(address, port: port)
    }

    func query() async throws -> String { try await relay.send(Self.command([("command", "query"), ("call-id", id)])) }

    /// Of how many streams the relay says that the kernel forwards them.
    func kernelizedCount() async throws -> Int { try await query().components(separatedBy: "10:kernelized").count - 1 }

    func delete() async throws {
        _ = try await relay.send(Self.command([("command", "delete"), ("call-id", id)]))
    }

    /// Packets from both sides, until each has heard the other and the relay says that the kernel forwards both.
    func settle() async throws {
        var sequence: UInt16 = 0
        _ = try await eventually("the kernel forwards call \(id)", every: .milliseconds(20)) {
            sequence += 1
            try await caller.send(TestFrame.rtp(sequence: sequence), to: callersPort)
            try await callee.send(TestFrame.rtp(sequence: sequence), to: calleesPort)
            // One after the other: what follows in the kernel would overtake what still waits in user space.
            try await arrive()
            return try await kernelizedCount() >= 2 ? true : nil
        }
    }

    /// Waits until everything that was sent so far has arrived, and nothing else.
    private func arrive() async throws {
        func sent(_ endpoint: UDPEndpoint) -> [[UInt8]] {
            endpoint.datagrams.filter { $0.source == endpoint.local }.map(\.payload)
        }
        func received(_ endpoint: UDPEndpoint) -> [[UInt8]] {
            endpoint.datagrams.filter { $0.destination == endpoint.local }.map(\.payload)
        }
        _ = try await eventually("all packets of call \(id) arrive") {
            received(callee).count >= sent(caller).count && received(caller).count >= sent(callee).count ? true : nil
        }
        #expect(received(callee) == sent(caller), "in order, unchanged, none lost")
        #expect(received(caller) == sent(callee), "in order, unchanged, none lost")
    }

    /// Sends packets both ways; all have to arrive, in order.
    func talk(packets: Int, from first: UInt16) async throws {
        for index in 0..<UInt16(packets) {
            try await caller.send(TestFrame.rtp(sequence: first + index, ssrc: 1), to: callersPort)
            try await callee.send(TestFrame.rtp(sequence: first + index, ssrc: 2), to: calleesPort)
        }
        try await arrive()
    }
}
