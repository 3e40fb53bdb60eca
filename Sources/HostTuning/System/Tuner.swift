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

    private let demand: RelayDemand
    private let read: @Sendable () throws(TuningError) -> HostState
    private let perform: @Sendable (HostChange) throws(TuningError) -> String?
    private let undo: UndoList

    /// - Parameters:
    ///   - read: what the host is like now.
    ///   - perform: does one thing, and says how to take it back.
    package init(
        _ demand: RelayDemand, undo: UndoList, read: @escaping @Sendable () throws(TuningError) -> HostState,
        perform: @escaping @Sendable (HostChange) throws(TuningError) -> String?
    ) { (self.demand, self.undo, self.read, self.perform) = (demand, undo, read, perform) }

    package init(_ demand: RelayDemand, undo: UndoList, reader: HostReader, writer: HostWriter) {
        self.init(
            demand, undo: undo, read: { () throws(TuningError) in try reader.read() },
            perform: { (change) throws(TuningError) in try writer.perform(change) })
    }

    package func plan() throws(TuningError) -> TuningPlan { try Planner(try read(), for: demand).plan }

    /// Does what the plan says, and what it says then. What is refused once is not tried again.
    ///
    /// - Throws: when the host cannot be read, or what is done could not be taken back.
    package func apply() throws(TuningError) -> [ChangeOutcome] {
        var outcomes: [ChangeOutcome] = []
        for _ in 0..<Self.rounds {
            let open = try plan().changes.filter { change in !outcomes.contains { $0.change == change } }
            guard !open.isEmpty else { break }
            try undo.prepare()
            for change in open {
                let outcome = try apply(change)
                outcomes.append(outcome)
                // What comes after it was thought out for the queues that were there.
                if case .setQueues = change, outcome.refusal == nil { break }
            }
        }
        return outcomes
    }

    private func apply(_ change: HostChange) throws(TuningError) -> ChangeOutcome {
        let command: String?
        do { command = try perform(change) } catch {
            return ChangeOutcome(change: change, refusal: error.description)
        }
        if let command { try undo.add(command) }
        return ChangeOutcome(change: change, refusal: nil)
    }
}
