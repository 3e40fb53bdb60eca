import RelayBenchKit
import WireFormat

/// Calls that come and go on one relay, one command at a time, and how long each command takes.
struct OutageLoad {
    private let client: NGClient
    private let offer: NGTemplate
    private let answer: NGTemplate
    private let delete: NGTemplate
    private let stays: Int
    private let endsAfter: Int
    private var next = 0
    private(set) var replies = LatencyHistogram()
    private(set) var errors = 0
    /// Calls that are up, by what the relay has answered.
    private(set) var calls: Set<String> = []

    /// - Parameters:
    ///   - stays: of so many calls one stays up.
    ///   - endsAfter: the others end when so many later ones have begun.
    init(relay: TransportAddress, media: IPAddress, stays: Int, endsAfter: Int) throws(BenchError) {
        client = try NGClient(relay: relay)
        func audio(_ port: UInt16) -> AudioDescription {
            AudioDescription(rtp: TransportAddress(media, port: port), rtcpPort: port + 1)
        }
        offer = NGTemplate(.offer(audio(40_000)), run: client.run)
        answer = NGTemplate(.answer(audio(40_002)), run: client.run)
        delete = NGTemplate(.delete, run: client.run)
        (self.stays, self.endsAfter) = (stays, endsAfter)
    }

    /// Begins a call, and ends one that began earlier.
    mutating func step() throws(BenchError) {
        let name = NGTemplate.callID(next, run: client.run)
        if try send(offer, next) { calls.insert(name) }
        _ = try send(answer, next)
        let old = next - endsAfter
        if old >= 0, old % stays != 0, try send(delete, old) {
            calls.remove(NGTemplate.callID(old, run: client.run))
        }
        next += 1
    }

    private mutating func send(_ template: NGTemplate, _ call: Int) throws(BenchError) -> Bool {
        try client.begin(slot: 0, body: template.body(call: call))
        guard case .reply(let reply)? = try client.next() else {
            errors += 1
            return false
        }
        replies.record(reply.elapsed)
        guard let decoded = NGReply(reply.body), decoded.refusal == nil else {
            errors += 1
            return false
        }
        return true
    }
}
