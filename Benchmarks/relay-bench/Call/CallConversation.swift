import CBench
import CLinux
import RelayBenchKit
import WireFormat

/// Two telephones that talk to each other through a relay: both send a G.711 packet each 20 ms and an RTCP report each
/// second.
struct CallConversation: ~Copyable {
    private let offerer: Party
    private let answerer: Party
    private let towardsOfferer: AudioDescription
    private let towardsAnswerer: AudioDescription
    private let run = UInt16.random(in: 0..<1 << 12)
    private var outbound = DatagramBatch(capacity: 1, datagramSize: 256)
    private var inbound = DatagramBatch(capacity: 16, datagramSize: 256)
    private(set) var account: CallAccount

    private static let packetsPerSecond = 50
    private static let packetsPerReport = 50
    /// How long the last packets may take.
    private static let patience: UInt64 = 500_000_000

    /// - Parameters:
    ///   - towardsOfferer: where the offerer sends, as the relay's reply to the answer says.
    ///   - towardsAnswerer: where the answerer sends, as the reply to the offer says.
    init(
        offerer: Party, answerer: Party, towardsOfferer: AudioDescription, towardsAnswerer: AudioDescription,
        seconds: Double
    ) {
        (self.offerer, self.answerer) = (offerer, answerer)
        (self.towardsOfferer, self.towardsAnswerer) = (towardsOfferer, towardsAnswerer)
        packets = max(1, Int((seconds * Double(Self.packetsPerSecond)).rounded()))
        account = CallAccount(packetsPerFlow: packets)
    }

    /// RTP packets in each direction.
    private let packets: Int

    /// Talks, and waits for the last packets.
    mutating func talk() throws(BenchError) {
        // The two parties take turns, so that a packet never waits in the relay behind one of the other direction.
        let pacer = Pacer(rate: UInt64(2 * Self.packetsPerSecond), start: SystemClock.monotonic)
        for turn in 0..<(2 * packets) where !Interrupt.isRequested {
            SystemClock.sleep(until: pacer.time(of: UInt64(turn)))
            try receiveWaiting()
            let isOfferer = turn.isMultiple(of: 2)
            try sendRTP(isOfferer ? .rtpToAnswerer : .rtpToOfferer, number: turn / 2)
            if (turn / 2).isMultiple(of: Self.packetsPerReport) {
                try sendRTCP(isOfferer ? .rtcpToAnswerer : .rtcpToOfferer, number: turn / 2 / Self.packetsPerReport)
            }
        }
        let deadline = SystemClock.monotonic + Self.patience
        repeat {
            try receiveWaiting()
            SystemClock.sleep(milliseconds: 2)
        } while !account.isComplete && SystemClock.monotonic < deadline
        try receiveWaiting()
    }

    private func probe(_ direction: CallAccount.Direction, number: Int) -> MediaProbe {
        MediaProbe(
            run: run, flow: UInt32(direction.rawValue), number: UInt32(number), phase: 0, sentAt: SystemClock.realTime)
    }

    private mutating func sendRTP(_ direction: CallAccount.Direction, number: Int) throws(BenchError) {
        let packet = probe(direction, number: number)
        var buffer = outbound.buffer(0)
        MediaProbe.prepare(&buffer)
        packet.write(to: &buffer)
        let isToAnswerer = direction == .rtpToAnswerer
        try send(
            direction, MediaProbe.length, from: isToAnswerer ? offerer.rtp : answerer.rtp,
            to: (isToAnswerer ? towardsOfferer : towardsAnswerer).rtp)
    }

    private mutating func sendRTCP(_ direction: CallAccount.Direction, number: Int) throws(BenchError) {
        let stream = probe(direction == .rtcpToAnswerer ? .rtpToAnswerer : .rtpToOfferer, number: number)
        var buffer = outbound.buffer(0)
        RTCPProbe(ssrc: stream.ssrc, packets: UInt32(number * Self.packetsPerReport + 1), sentAt: stream.sentAt)
            .write(to: &buffer)
        let isToAnswerer = direction == .rtcpToAnswerer
        try send(
            direction, RTCPProbe.length, from: isToAnswerer ? offerer.rtcp : answerer.rtcp,
            to: (isToAnswerer ? towardsOfferer : towardsAnswerer).rtcp)
    }

    private mutating func send(
        _ direction: CallAccount.Direction, _ length: Int, from socket: UDPSocket, to destination: TransportAddress
    ) throws(BenchError) {
        outbound.address(0, length: length, to: clinux_address(destination))
        if direction.isReport { reportsSent[direction] = SystemClock.realTime }
        try checked(outbound.send(0..<1, through: socket.descriptor), "send to \(destination)")
        account.noteSent(direction)
    }

    /// When the last report of a direction left: RTCP has no room for a stamp that every relay leaves alone.
    private var reportsSent: [CallAccount.Direction: UInt64] = [:]

    private mutating func receiveWaiting() throws(BenchError) {
        try receive(.rtpToAnswerer, at: answerer.rtp)
        try receive(.rtpToOfferer, at: offerer.rtp)
        try receive(.rtcpToAnswerer, at: answerer.rtcp)
        try receive(.rtcpToOfferer, at: offerer.rtcp)
    }

    private mutating func receive(_ direction: CallAccount.Direction, at socket: UDPSocket) throws(BenchError) {
        while case let count = try inbound.receive(from: socket.descriptor), count > 0 {
            for slot in 0..<count { take(slot, direction) }
        }
    }

    private mutating func take(_ slot: Int, _ direction: CallAccount.Direction) {
        let info = inbound.describe(slot)
        if direction.isReport {
            guard let report = RTCPProbe(inbound.datagram(slot, length: Int(info.length))) else {
                return  // relays may send reports of their own
            }
            let sentAt = reportsSent[direction] ?? info.received_ns
            account.noteArrival(
                direction, number: Int(report.packets) / Self.packetsPerReport, tos: info.tos,
                latency: info.received_ns - min(info.received_ns, sentAt))
        } else {
            let probe = MediaProbe(inbound.datagram(slot, length: Int(info.length)), run: run)
            guard let probe, probe.flow == direction.rawValue else { return account.strangers += 1 }
            account.noteArrival(
                direction, number: Int(probe.number), tos: info.tos,
                latency: info.received_ns - min(info.received_ns, probe.sentAt))
        }
    }
}

extension CallAccount.Direction {
    fileprivate var isReport: Bool { self == .rtcpToAnswerer || self == .rtcpToOfferer }
}
