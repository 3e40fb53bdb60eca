import RelayBenchKit
import WireFormat

/// Calls that a relay has taken: where each party of each call has to send its media.
struct RelayedCalls {
    /// By call: what the relay gave to the offerer, in its reply to the answer.
    private(set) var towardsOfferer: [AudioDescription]
    /// By call: what the relay gave to the answerer, in its reply to the offer.
    private(set) var towardsAnswerer: [AudioDescription]

    private let client: NGClient
    private let width: Int

    var count: Int { towardsOfferer.count }

    /// Sets up `count` calls, `width` commands in flight. Call `n` uses endpoint `n % offerers.count` on either side.
    ///
    /// If one call fails none stays behind.
    static func establish(
        _ count: Int, over client: NGClient, width: Int, offerers: [AudioDescription], answerers: [AudioDescription]
    ) throws(BenchError) -> RelayedCalls {
        let offers = offerers.map { NGTemplate(.offer($0), run: client.run) }
        let answers = answerers.map { NGTemplate(.answer($0), run: client.run) }
        let nowhere = AudioDescription(rtp: TransportAddress(.unspecified(.ipv4), port: 0), rtcpPort: 0)
        var towardsOfferer = Array(repeating: nowhere, count: count)
        var towardsAnswerer = towardsOfferer
        let load = CommandLoad(
            client: client,
            steps: [
                .init(
                    name: "offer", body: { offers[$0 % offers.count].body(call: $0) },
                    accept: { keep($1, in: &towardsAnswerer[$0]) }),
                .init(
                    name: "answer", body: { answers[$0 % answers.count].body(call: $0) },
                    accept: { keep($1, in: &towardsOfferer[$0]) }),
            ])
        let outcome = try load.run(calls: 0..<count, width: width)
        let calls = RelayedCalls(
            towardsOfferer: towardsOfferer, towardsAnswerer: towardsAnswerer, client: client, width: width)
        guard outcome.completed < count else { return calls }
        _ = try calls.delete()
        if Interrupt.isRequested { throw .interrupted }
        guard let (reason, _) = outcome.refusals.max(by: { $0.value < $1.value }) else { throw .noRelay(client.relay) }
        throw .relayFailed("only \(outcome.completed) of \(count) calls could be set up: \(reason)")
    }

    private static func keep(_ body: [UInt8], in place: inout AudioDescription) -> String? {
        guard let audio = NGReply(body)?.audio else { return "a reply without an audio stream" }
        place = audio
        return nil
    }

    /// Deletes all calls; returns how many the relay did not delete.
    func delete() throws(BenchError) -> Int {
        let delete = NGTemplate(.delete, run: client.run)
        let load = CommandLoad(
            client: client, steps: [.init(name: "delete", body: { delete.body(call: $0) })], obeysInterrupt: false)
        return try load.run(calls: 0..<count, width: width).errors
    }
}
