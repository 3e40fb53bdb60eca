/// A condition that did not come true in time.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String
}

/// Asks until there is an answer, and returns it.
///
/// For what has no event to wait for: another process binding a port, a file growing. The limit only matters when
/// something is broken; a test never waits longer than the condition takes.
///
/// - Parameter interval: the pause between two questions; longer for those that are work to answer.
package func eventually<Answer>(
    _ what: @autoclosure () -> String, within limit: Duration = .seconds(10),
    every interval: Duration = .milliseconds(5),
    _ ask: () async throws -> Answer?
) async throws -> Answer {
    let deadline = ContinuousClock.now + limit
    while true {
        if let answer = try await ask() { return answer }
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "not within \(limit): \(what())") }
        try await Task.sleep(for: interval)
    }
}
