import RelayBenchKit
import WireFormat

/// One call from offer to delete, told to the person at the keyboard as it goes.
struct CallRun {
    let client: NGClient
    let address: IPAddress
    let seconds: Double
    /// The TOS that every arriving packet has to have; nil accepts any.
    let expectedTOS: Int?

    /// True if every packet arrived as expected and nothing of the call is left.
    func run() throws(BenchError) -> Bool {
        let (offerer, answerer) = (try Party(at: address), try Party(at: address))
        print("A call through the relay at \(client.relay)\n")
        print("phones   caller at \(offerer.rtp.local), callee at \(answerer.rtp.local)")
        let towardsAnswerer = try describe(.offer(offerer.description), "offer")
        print("offer    the relay takes the callee's media at \(describe(towardsAnswerer))")
        let towardsOfferer: AudioDescription
        do {
            towardsOfferer = try describe(.answer(answerer.description), "answer")
        } catch {
            _ = try? client.request(body(.delete))
            throw error
        }
        print("answer   the relay takes the caller's media at \(describe(towardsOfferer))")
        print("talking  \(Figures.decimal(seconds, places: 1)) s of G.711 A-law, a packet each 20 ms, both ways ...\n")
        var conversation = CallConversation(
            offerer: offerer, answerer: answerer, towardsOfferer: towardsOfferer, towardsAnswerer: towardsAnswerer,
            seconds: seconds)
        do {
            try conversation.talk()
        } catch {
            _ = try? client.request(body(.delete))
            throw error
        }
        for line in conversation.account.lines { print(line) }
        print("\nquery    \(try askForCounters())")
        let isGone = try deleteAndLook()
        return conclude(conversation.account, isGone: isGone)
    }

    private func body(_ command: NGTemplate.Command) -> [UInt8] { NGTemplate(command, run: client.run).body(call: 0) }

    private func describe(_ command: NGTemplate.Command, _ name: String) throws(BenchError) -> AudioDescription {
        let reply = try client.request(body(command))
        if let refusal = reply.refusal { throw .refused(command: name, reason: refusal) }
        guard let audio = reply.audio else { throw .noSessionDescription(command: name) }
        return audio
    }

    private func describe(_ audio: AudioDescription) -> String { "\(audio.rtp), RTCP at port \(audio.rtcpPort)" }

    private func askForCounters() throws(BenchError) -> String {
        let reply = try client.request(body(.query))
        if let refusal = reply.refusal { return "refused: \(refusal)" }
        func count(_ kind: String, _ counter: String) -> String {
            reply.total(kind, counter).map { Figures.grouped($0) } ?? "?"
        }
        return "the relay has counted \(count("RTP", "packets")) RTP packets (\(count("RTP", "bytes")) bytes) and "
            + "\(count("RTCP", "packets")) RTCP packets, \(count("RTP", "errors")) errors"
    }

    private func deleteAndLook() throws(BenchError) -> Bool {
        let deletion = try client.request(body(.delete))
        if let refusal = deletion.refusal {
            print("delete   refused: \(refusal)")
            return false
        }
        let second = try client.request(body(.query)).refusal
        print("delete   ok; another query says: \(second ?? "the call is still there")")
        return second?.lowercased() == "unknown call-id"
    }

    private func conclude(_ account: CallAccount, isGone: Bool) -> Bool {
        var problems: [String] = []
        if !account.isComplete { problems.append("packets were lost") }
        if account.strangers > 0 { problems.append("\(Figures.count(account.strangers, "datagram")) came changed") }
        if let expectedTOS, account.tosSeen.contains(where: { Int($0) != expectedTOS }) {
            problems.append("the TOS is not \(expectedTOS)")
        }
        if !isGone { problems.append("the call is not gone") }
        if Interrupt.isRequested { problems.append("interrupted") }
        print(
            problems.isEmpty
                ? "\nEvery packet arrived, and nothing is left of the call."
                : "\nNot good: \(problems.joined(separator: ", ")).")
        return problems.isEmpty
    }
}
