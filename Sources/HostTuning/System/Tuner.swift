/// What became of one change.
package struct ChangeOutcome: Equatable, Sendable {
    package let change: HostChange
    /// Why it was not done; `nil` when it was.
    package let refusal: String?
}

/// Brings a host to what a relay wants of it.
package struct Tuner: Sendable {
    /// New queues bring more to set: each round looks again, and a third has nothing to do.
    private static let rounds = 4
    /// Between two looks at a link, in milliseconds; also the time that it has to go away.
    private static let linkInterval = 100
    /// A link that is gone for more looks than that, ten seconds, does not come back by itself: most take two or three.
    private static let linkLooks = 100

    private let demand: RelayDemand
    private let host: any TunableHost
    private let undo: UndoList

    package init(_ demand: RelayDemand, undo: UndoList, host: any TunableHost) {
        (self.demand, self.undo, self.host) = (demand, undo, host)
    }

    package func plan() throws(TuningError) -> TuningPlan { try Planner(try host.read(), for: demand).plan }

    /// Does what the plan says, and what it says then. What is refused once is not tried again.
    ///
    /// - Parameter report: told of each change when it has been made, or was refused.
    /// - Throws: when the host cannot be read, what is done could not be taken back, a card has lost its link, or the host does
    ///   not keep what it is told.
    @discardableResult
    package func apply(_ report: (ChangeOutcome) -> Void = { _ in }) throws(TuningError) -> [ChangeOutcome] {
        var outcomes: [ChangeOutcome] = []
        for _ in 0..<Self.rounds {
            let steps = try open(after: outcomes)
            guard !steps.isEmpty else { return outcomes }
            try undo.prepare()
            var stale: Set<String> = []
            for step in steps where !stale.contains(step.subject) {
                for change in step.changes {
                    let hadLink = change.interruption.map { host.hasLink($0.card) } ?? false
                    let outcome = try apply(change)
                    outcomes.append(outcome)
                    report(outcome)
                    // What comes after it for this card was thought out for the queues that were there.
                    if case .setQueues = change, outcome.refusal == nil { stale.insert(step.subject) }
                    if hadLink { try awaitLink(after: outcome) }
                }
            }
        }
        guard let left = try open(after: outcomes).first else { return outcomes }
        throw TuningError(
            "\(left.subject), \(left.topic): there is still something to change after \(Self.rounds) rounds; see 'relayctl tune'"
        )
    }

    /// What is to be done and has not been tried.
    private func open(after outcomes: [ChangeOutcome]) throws(TuningError) -> [TuningStep] {
        try plan().steps.compactMap { step in
            var step = step
            step.changes.removeAll { change in outcomes.contains { $0.change == change } }
            return step.changes.isEmpty ? nil : step
        }
    }

    /// No card is touched while another one is still away: they may be the members of a bond.
    private func awaitLink(after outcome: ChangeOutcome) throws(TuningError) {
        guard let (card, wayBack) = outcome.change.interruption else { return }
        for _ in 0..<Self.linkLooks {
            host.pause(milliseconds: Self.linkInterval)
            if host.hasLink(card) { return }
        }
        var text = "\(card.name) has lost its link by '\(outcome.change.command)'; no other card has been touched since"
        if outcome.refusal == nil {
            do {
                _ = try host.perform(wayBack)
                if let command = outcome.change.undo() { try undo.remove(command) }
                text += ", and this was taken back"
            } catch { text += ", and this cannot be taken back: \(error)" }
        }
        throw TuningError(text)
    }

    /// The way back is written first: whatever ends us, nothing is changed that is not in the list.
    private func apply(_ change: HostChange) throws(TuningError) -> ChangeOutcome {
        let wayBack = change.undo()
        if let wayBack { try undo.add(wayBack) }
        let location: Int?
        do { location = try host.perform(change) } catch {
            if let wayBack { try undo.remove(wayBack) }
            return ChangeOutcome(change: change, refusal: error.description)
        }
        // Where a rule is shows when it is there.
        if wayBack == nil, let late = change.undo(location: location) { try undo.add(late) }
        return ChangeOutcome(change: change, refusal: nil)
    }
}
