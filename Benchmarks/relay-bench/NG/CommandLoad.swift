import RelayBenchKit

/// Runs the same commands for many calls, a fixed number of calls at a time, and measures every reply.
struct CommandLoad {
    /// One command of the sequence that each call goes through.
    struct Step {
        let name: String
        /// What to send for a call.
        let body: (_ call: Int) -> [UInt8]
        /// Takes the body of a successful reply; a text means that it was no success after all.
        var accept: (_ call: Int, _ body: [UInt8]) -> String? = { _, _ in nil }
    }

    /// What happened.
    struct Outcome {
        /// Calls that went through all steps without an error.
        var completed = 0
        /// Reply times by step, in the order of the steps.
        var replyTimes: [LatencyHistogram]
        /// Refused commands by reason.
        var refusals: [String: Int] = [:]
        /// Commands that were never answered.
        var unanswered = 0
        /// From the first command to the last reply; nanoseconds.
        var elapsed: UInt64 = 0
        /// The first call that did not begin.
        var end = 0

        var errors: Int { unanswered + refusals.values.reduce(0, +) }
    }

    let client: NGClient
    let steps: [Step]
    /// Calls whose step failed go on with the last step, because that one deletes them.
    var lastStepDeletes = false
    /// Ctrl-C lets no further call begin. Cleaning up goes on nevertheless.
    var obeysInterrupt = true

    /// Where a slot is in its sequence.
    private struct Position {
        var call = 0
        var step = 0
        var failed = false
    }

    /// Runs through `calls`, `width` of them at a time; none begins after `deadline` (monotonic clock), but those that
    /// have begun are finished.
    func run(calls: Range<Int>, width: Int, until deadline: UInt64 = .max) throws(BenchError) -> Outcome {
        var outcome = Outcome(replyTimes: steps.map { _ in LatencyHistogram() })
        var positions = Array(repeating: Position(), count: width)
        var nextCall = calls.lowerBound
        let start = SystemClock.monotonic

        func beginNextCall(in slot: Int) throws(BenchError) {
            guard nextCall < calls.upperBound, !(obeysInterrupt && Interrupt.isRequested),
                deadline == .max || SystemClock.monotonic < deadline
            else { return }
            positions[slot] = Position(call: nextCall)
            nextCall += 1
            try client.begin(slot: slot, body: steps[0].body(positions[slot].call))
        }

        for slot in positions.indices { try beginNextCall(in: slot) }
        while let event = try client.next() {
            let slot: Int
            switch event {
            case .gaveUp(let given):
                (slot, positions[given].failed) = (given, true)
                outcome.unanswered += 1
            case .reply(let reply):
                slot = reply.slot
                outcome.replyTimes[positions[slot].step].record(reply.elapsed)
                if let refusal = verdict(on: reply.body, at: positions[slot]) {
                    positions[slot].failed = true
                    outcome.refusals[refusal, default: 0] += 1
                }
            }
            positions[slot].step += 1
            if positions[slot].failed {
                positions[slot].step = max(positions[slot].step, lastStepDeletes ? steps.count - 1 : steps.count)
            }
            if positions[slot].step < steps.count {
                try client.begin(slot: slot, body: steps[positions[slot].step].body(positions[slot].call))
            } else {
                if !positions[slot].failed { outcome.completed += 1 }
                try beginNextCall(in: slot)
            }
        }
        outcome.elapsed = SystemClock.monotonic - start
        outcome.end = nextCall
        return outcome
    }

    private func verdict(on body: [UInt8], at position: Position) -> String? {
        if !NGReply.isPlainlyOK(body) {
            guard let reply = NGReply(body) else { return "a reply that is not NG" }
            if let refusal = reply.refusal { return "\(steps[position.step].name): \(refusal)" }
        }
        return steps[position.step].accept(position.call, body)
    }
}
