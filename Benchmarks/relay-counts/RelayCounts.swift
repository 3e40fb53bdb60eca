internal import AllocationCount
internal import Glibc
internal import NGProtocol
internal import RelayControl
internal import RelayCore
internal import RelayKernel
internal import SDP
internal import WireFormat

/// Prints how often messages, commands and packets ask for memory: numbers of the code, the same on every machine. Fails
/// when packets do at all.
@main
enum RelayCounts {
    private static let rounds = 1000
    /// With those before that are not counted fewer than a port may be sent at once (`RELAY_FLOOD_PACKETS`).
    private static let packets = 800

    static func main() throws {
        let dictionary = try NGCodec.decode(Samples.offerBody).dictionary
        row("bencode: an offer, read", try perRound { _ in _ = try NGCodec.decode(Samples.offerBody) })
        row("bencode: an offer, written", perRound { _ in _ = NGCodec.encode(dictionary, as: .bencode) })
        row("NG: an offer, as a request", try perRound { _ in _ = try NGRequest(dictionary) })
        row("SDP: an INVITE, read", try perRound { _ in _ = try SDPDocument(parsing: Samples.invite) })
        try countCommands()
        var packets = try countPackets("a socket for every port", steering: nil)
        if let steering { packets += try countPackets("shared sockets", steering: steering) }
        guard packets == 0 else {
            print("the packet loop asks for memory")
            exit(EXIT_FAILURE)
        }
    }

    /// `nil`, and a line that says why, where ports cannot share sockets.
    private static var steering: KernelSteering? {
        do throws(SystemError) { return try KernelSteering(addresses: [Samples.loopback]) } catch {
            print("media: ports cannot share sockets here: \(error)")
            return nil
        }
    }

    private static func countCommands() throws {
        let relay = try Relay(Samples.configuration)
        defer { relay.stop() }
        let dispatcher = NGDispatcher(relay: relay, log: Samples.log)
        let calls = (0..<rounds).map(Samples.sequence)
        for (place, name) in ["offer", "answer", "delete"].enumerated() {
            row("control: \(name)", perRound { dispatcher.receive(calls[$0][place], from: Samples.peer) { _ in } })
        }
    }

    /// Returns how often the media threads have asked for memory.
    private static func countPackets(_ mode: String, steering: (any PortSteering)?) throws -> UInt64 {
        let call = try LoopbackCall(steering: steering)
        defer { call.stop() }
        // Sources are learned, buffers have been touched.
        try call.relay(packets: 100)
        let before = Allocations.ofThreads(numbered: "media-").values.reduce(0, +)
        try call.relay(packets: packets)
        let count = Allocations.ofThreads(numbered: "media-").values.reduce(0, +) - before
        row("media: a packet, \(mode)", Double(count) / Double(packets))
        return before > 0 ? count : 1  // a thread without a count was not seen
    }

    private static func perRound(_ body: (Int) throws -> Void) rethrows -> Double {
        let count = try Allocations.counted { for round in 0..<rounds { try body(round) } }
        return Double(count) / Double(rounds)
    }

    private static func row(_ name: String, _ count: Double) {
        let text = "\((count * 100).rounded() / 100)"
        print(name + String(repeating: " ", count: max(1, 44 - name.count)) + text)
    }
}
