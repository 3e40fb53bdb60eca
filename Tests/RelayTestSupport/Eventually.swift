/// A condition that did not come true in time.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String
}

/// Asks until there is an answer, and returns it.
///
/// For what has no event to wait for: another process binding a port, a file growing. The limits only matter when
/// something is broken; a test never waits longer than the condition takes. So they are wide: where many more threads
/// than processors want to run, a pause of milliseconds may take seconds, of the test and of what it waits for.
///
/// - Parameters:
///   - limit: how long it asks. Shorter than usual only where no answer is an answer, too.
///   - interval: the pause between two questions; longer for those that are work to answer.
package func eventually<Answer>(
    _ what: @autoclosure () -> String, within limit: Duration = .seconds(120),
    every interval: Duration = .milliseconds(5),
    _ ask: () async throws -> Answer?
) async throws -> Answer {
    // Whoever has asked a few times only cannot say that it did not come true.
    let fewestQuestions = 20
    let deadline = ContinuousClock.now + limit
    var questions = 0
    while true {
        if let answer = try await ask() { return answer }
        questions += 1
        guard ContinuousClock.now < deadline || questions < fewestQuestions else {
            throw TimedOut(description: "not within \(limit): \(what())")
        }
        try await Task.sleep(for: interval)
    }
}
