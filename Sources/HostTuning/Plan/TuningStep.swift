/// One thing that a host should have, and how far it is from that.
package struct TuningStep: Equatable, Sendable {
    /// The interface, or `host`, or `relay`.
    package let subject: String
    /// What it is about, in a word or two.
    package let topic: String
    /// What is.
    package let now: String
    /// What should be; `nil` when what is will do.
    package let wanted: String?
    /// Why it should.
    package let reason: String
    /// What `--apply` does.
    package var changes: [HostChange] = []
    /// What is left to people, since it is theirs: lines of a file, or commands.
    package var advice: [String] = []

    /// All is well.
    static func fine(_ subject: String, _ topic: String, _ now: String, _ reason: String) -> TuningStep {
        TuningStep(subject: subject, topic: topic, now: now, wanted: nil, reason: reason)
    }

    init(
        subject: String, topic: String, now: String, wanted: String?, reason: String, changes: [HostChange] = [],
        advice: [String] = []
    ) {
        (self.subject, self.topic, self.now, self.wanted) = (subject, topic, now, wanted)
        (self.reason, self.changes, self.advice) = (reason, changes, advice)
    }
}

/// All that a host should have for a relay.
package struct TuningPlan: Equatable, Sendable {
    /// What the plan is for, in a line or two.
    package let heading: [String]
    package let steps: [TuningStep]

    /// What `--apply` does, in this order.
    package var changes: [HostChange] { steps.flatMap(\.changes) }
    package var advised: [TuningStep] { steps.filter { !$0.advice.isEmpty } }
}
