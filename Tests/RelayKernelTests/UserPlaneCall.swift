import Logging
import RelayCore
import RelayKernel
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// A call through a relay in this process, with two telephones that have real sockets on the loopback addresses.
final class UserPlaneCall: Sendable {
    enum Side { case caller, callee }

    let relay: Relay
    let id: ByteString
    let (caller, callee): (UDPEndpoint, UDPEndpoint)
    /// The relay's RTP ports that caller and callee send to.
    let (callersPort, calleesPort): (TransportAddress, TransportAddress)
    private let ownsRelay: Bool
    private let sequence = Atomic<UInt16>(0)

    /// Ports for everybody, each given out once: below those that the kernel gives to clients.
    private static let nextPort = Atomic<UInt16>(2_000)

    private static func takePorts(_ count: UInt16) -> UInt16 {
        nextPort.add(count + 1 & ~1, ordering: .relaxed).oldValue
    }

    /// A relay on these addresses, with that many ports on each.
    static func relay(
        _ mode: PortMode, _ addresses: [IPAddress], ports: UInt16, tos: UInt8,
        makePlane: (UserPlane) throws(SystemError) -> any ForwardingPlane = { $0 }
    ) throws -> Relay {
        var configuration = Relay.Configuration(interfaces: addresses.map { MediaInterface(local: $0) })
        let first = takePorts(ports)
        configuration.ports = first...first + ports - 1
        configuration.tos = tos
        configuration.mediaThreads = 2
        configuration.logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let steering = mode == .shared ? try KernelSteering(addresses: Set(addresses)) : nil
        let relay = try Relay(configuration, runsHousekeeping: true, steering: steering, makePlane: makePlane)
        #expect(relay.steeringRefusal == nil)
        return relay
    }

    /// Sets a call up, on a relay of its own.
    convenience init(
        _ mode: PortMode, caller: String = "127.0.0.1", callee: String = "127.0.0.1", ports: UInt16 = 20,
        tos: UInt8 = 0, makePlane: (UserPlane) throws(SystemError) -> any ForwardingPlane = { $0 }
    ) async throws {
        let (caller, callee) = (try #require(IPAddress(caller)), try #require(IPAddress(callee)))
        let addresses = caller == callee ? [caller] : [caller, callee]
        let relay = try Self.relay(mode, addresses, ports: 2 * ports, tos: tos, makePlane: makePlane)
        try await self.init("1@media", on: relay, caller, callee, ownsRelay: true)
    }

    /// Sets another call up, on the relay of this one.
    convenience init(on other: UserPlaneCall) async throws {
        try await self.init(
            "2@media", on: other.relay, other.caller.local.address, other.callee.local.address, ownsRelay: false)
    }

    private init(
        _ id: ByteString, on relay: Relay, _ caller: IPAddress, _ callee: IPAddress, ownsRelay: Bool
    ) async throws {
        (self.relay, self.id, self.ownsRelay) = (relay, id, ownsRelay)
        let phones = Self.takePorts(4)
        let (from, to) = (TransportAddress(caller, port: phones), TransportAddress(callee, port: phones + 2))
        (callersPort, calleesPort) = try Self.negotiate(id, on: relay, from, to)
        self.caller = try await UDPEndpoint(at: from)
        self.callee = try await UDPEndpoint(at: to)
    }

    /// Offer and answer; returns the relay's ports that caller and callee send to.
    @discardableResult
    static func negotiate(
        _ id: ByteString, on relay: Relay, _ caller: TransportAddress, _ callee: TransportAddress
    ) throws -> (TransportAddress, TransportAddress) {
        var offer = Offer(callID: id, fromTag: "a", sdp: sdp(caller))
        offer.options.addressFamily = callee.address.family
        let toCallee = try relay.offer(offer)
        let toCaller = try relay.answer(Answer(callID: id, fromTag: "a", toTag: "b", sdp: sdp(callee)))
        return (try media(in: toCaller), try media(in: toCallee))
    }

    /// The caller offers the same again, and the callee answers: nothing changes but the TOS.
    func reoffer(tos: UInt8) throws {
        var offer = Offer(callID: id, fromTag: "a", toTag: "b", sdp: Self.sdp(caller.local))
        offer.options.tos = tos
        _ = try relay.offer(offer)
        _ = try relay.answer(Answer(callID: id, fromTag: "a", toTag: "b", sdp: Self.sdp(callee.local)))
    }

    /// The callee offers another address of its own, and the caller answers; returns the relay's ports as they are now.
    func move(to address: TransportAddress) throws -> (TransportAddress, TransportAddress) {
        let toCaller = try relay.offer(Offer(callID: id, fromTag: "b", toTag: "a", sdp: Self.sdp(address)))
        let toCallee = try relay.answer(Answer(callID: id, fromTag: "b", toTag: "a", sdp: Self.sdp(caller.local)))
        return (try Self.media(in: toCaller), try Self.media(in: toCallee))
    }

    /// The caller offers fax, and the callee refuses it.
    func refuseFax() throws {
        func fax(_ address: TransportAddress) -> [UInt8] { Self.sdp(address, media: "image", "udptl t38") }
        _ = try relay.offer(Offer(callID: id, fromTag: "a", toTag: "b", sdp: fax(caller.local)))
        _ = try relay.answer(Answer(callID: id, fromTag: "a", toTag: "b", sdp: fax(callee.local.with(port: 0))))
    }

    /// Both agree on speech again; returns where the caller sends now.
    func fallBack() throws -> TransportAddress {
        _ = try relay.offer(Offer(callID: id, fromTag: "a", toTag: "b", sdp: Self.sdp(caller.local)))
        return try Self.media(
            in: relay.answer(Answer(callID: id, fromTag: "a", toTag: "b", sdp: Self.sdp(callee.local))))
    }

    func close() {
        caller.close()
        callee.close()
        if ownsRelay { relay.stop() }
    }

    private static func sdp(
        _ address: TransportAddress, media: String = "audio", _ protocolAndFormat: String = "RTP/AVP 8"
    ) -> [UInt8] {
        let line = "\(address.address.family.sdpName) \(address.address)"
        let lines = [
            "v=0", "o=- 1 1 IN \(line)", "s=-", "c=IN \(line)", "t=0 0",
            "m=\(media) \(address.port) \(protocolAndFormat)",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    private static func media(in sdp: [UInt8]) throws -> TransportAddress {
        let lines = String(decoding: sdp, as: UTF8.self).split(whereSeparator: \.isNewline)
        let address = lines.last { $0.hasPrefix("c=") }?.split(separator: " ").last.flatMap { IPAddress($0) }
        let port = lines.first { $0.hasPrefix("m=audio ") }.flatMap { UInt16($0.split(separator: " ")[1]) }
        return TransportAddress(try #require(address), port: try #require(port))
    }

    // MARK: Media

    /// The next RTP packet of this size, in octets.
    func rtp(_ size: Int) -> [UInt8] {
        let number = sequence.add(1, ordering: .relaxed).newValue
        let header = TestFrame.rtp(sequence: number).prefix(12)
        return header + (12..<max(12, size)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(number)) }
    }

    /// Sends datagrams from one side without a pause, and waits until all have arrived at the other: in order,
    /// unchanged, from the port that was announced there.
    func send(_ payloads: [[UInt8]], from side: Side) async throws {
        let (sender, receiver) = side == .caller ? (caller, callee) : (callee, caller)
        let (entry, exit) = side == .caller ? (callersPort, calleesPort) : (calleesPort, callersPort)
        let before = receiver.receivedCount
        for payload in payloads {
            try await sender.send(payload, to: entry)
        }
        _ = try await eventually("\(payloads.count) datagrams arrive") {
            receiver.receivedCount >= before + payloads.count ? true : nil
        }
        let arrived = receiver.datagrams.filter { $0.destination == receiver.local }.suffix(payloads.count)
        #expect(arrived.map(\.payload) == payloads)
        #expect(arrived.allSatisfy { $0.source == exit })
    }

    /// A receiver report each way, from port to port (RFC 3550 §11).
    func exchangeRTCP() async throws {
        func next(_ address: TransportAddress) -> TransportAddress { address.with(port: address.port + 1) }
        let (first, second) = (
            try await UDPEndpoint(at: next(caller.local)), try await UDPEndpoint(at: next(callee.local))
        )
        defer {
            first.close()
            second.close()
        }
        for (from, entry, to, exit) in [
            (first, callersPort, second, calleesPort), (second, calleesPort, first, callersPort),
        ] {
            try await from.send(TestFrame.rtcp, to: next(entry))
            let report = try await eventually("the report arrives") {
                to.datagrams.first { $0.destination == to.local }
            }
            #expect(report.payload == TestFrame.rtcp && report.source == next(exit))
        }
    }

    /// RTP both ways.
    func exchange(packets: Int) async throws {
        try await send((0..<packets).map { _ in rtp(172) }, from: .caller)
        try await send((0..<packets).map { _ in rtp(172) }, from: .callee)
    }
}
