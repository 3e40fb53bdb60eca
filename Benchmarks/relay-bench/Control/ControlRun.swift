import RelayBenchKit
import WireFormat

/// Offer, answer and delete, again and again: how many a relay does, and how long each command takes.
struct ControlRun {
    /// Whom to ask.
    let relay: TransportAddress
    var pace: ControlPace
    var seconds: Double
    /// Ends the run earlier than `seconds` would.
    var sequences: Int?
    /// Calls that are up all the time: each one ends when so many later ones have begun, and not at once.
    var standing = 0
    /// What the session descriptions say; nobody sends media.
    let address: IPAddress

    static let commands = ["offer", "answer", "delete"]

    func run() throws(BenchError) -> ControlResult {
        let offer = AudioDescription(rtp: TransportAddress(address, port: 40_000), rtcpPort: 40_001)
        let answer = AudioDescription(rtp: TransportAddress(address, port: 40_002), rtcpPort: 40_003)
        let client = try NGClient(relay: relay, slots: pace.width, staysAwake: pace.staysAwake)
        let templates = [NGTemplate.Command.offer(offer), .answer(answer), .delete].map {
            NGTemplate($0, run: client.run)
        }
        let steps = zip(Self.commands, templates).map { name, template in
            CommandLoad.Step(name: name, body: { template.body(call: $0) })
        }
        _ = try CommandLoad(client: client, steps: Array(steps.dropLast())).run(calls: 0..<standing, width: pace.width)
        let end = CommandLoad.Step(name: Self.commands[2], body: { templates[2].body(call: $0 - standing) })
        let load = CommandLoad(client: client, steps: steps.dropLast() + [end], lastStepDeletes: true)
        let deadline = sequences == nil ? SystemClock.monotonic + UInt64(seconds * 1e9) : .max
        let stolenBefore = MachineSample().stolen
        let last = standing + (sequences ?? NGTemplate.maximumCalls - standing)
        let outcome = try load.run(calls: standing..<last, width: pace.width, until: deadline)
        let result = ControlResult(
            pace: pace, sequences: outcome.completed, nanoseconds: outcome.elapsed,
            replyTimes: outcome.replyTimes, refusals: outcome.refusals, unanswered: outcome.unanswered,
            repeats: client.repeats, stolen: MachineSample().stolen - stolenBefore, around: steps.count * standing)
        _ = try CommandLoad(client: client, steps: steps.suffix(1), obeysInterrupt: false).run(
            calls: outcome.end - standing..<outcome.end, width: pace.width)
        return result
    }
}

/// What a control run found; rounds of the same run can be merged.
struct ControlResult {
    let pace: ControlPace
    /// Sequences of offer, answer and delete without an error.
    private(set) var sequences: Int
    private(set) var nanoseconds: UInt64
    /// By command, in the order of `ControlRun.commands`.
    private(set) var replyTimes: [LatencyHistogram]
    private(set) var refusals: [String: Int]
    private(set) var unanswered: Int
    /// Datagrams that had to be sent again.
    private(set) var repeats: Int
    /// Nanoseconds of CPU time that a hypervisor gave to somebody else meanwhile.
    private(set) var stolen: UInt64
    /// Commands before and after what was measured.
    private var around: Int

    init(
        pace: ControlPace, sequences: Int, nanoseconds: UInt64, replyTimes: [LatencyHistogram], refusals: [String: Int],
        unanswered: Int, repeats: Int, stolen: UInt64, around: Int
    ) {
        (self.pace, self.sequences, self.nanoseconds) = (pace, sequences, nanoseconds)
        (self.replyTimes, self.refusals, self.unanswered) = (replyTimes, refusals, unanswered)
        (self.repeats, self.stolen, self.around) = (repeats, stolen, around)
    }

    var sequencesPerSecond: Double { nanoseconds == 0 ? 0 : Double(sequences) / (Double(nanoseconds) / 1e9) }
    var errors: Int { unanswered + refusals.values.reduce(0, +) }
    /// All commands, those before and after what was measured included.
    var commands: UInt64 { replyTimes.reduce(UInt64(around)) { $0 + $1.count } }
    /// The longest reply time of any command, nanoseconds.
    var slowest: UInt64 { replyTimes.map(\.maximum).max() ?? 0 }

    /// Adds another round.
    mutating func merge(_ other: ControlResult) {
        sequences += other.sequences
        nanoseconds += other.nanoseconds
        for index in replyTimes.indices { replyTimes[index].merge(other.replyTimes[index]) }
        refusals.merge(other.refusals, uniquingKeysWith: +)
        unanswered += other.unanswered
        repeats += other.repeats
        stolen += other.stolen
        around += other.around
    }

    /// What the hypervisor took, if that was enough to matter.
    var theft: String? {
        guard stolen > nanoseconds / 100 else { return nil }
        return "the hypervisor took \(Figures.duration(stolen)) of CPU time away"
    }
}
