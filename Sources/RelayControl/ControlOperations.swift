package import NGProtocol

/// What the commands for operators need from the rest of the daemon.
package protocol ControlOperations: Sendable {
    /// The tree of numbers that `statistics` answers.
    func statistics() -> NGDictionary

    /// Carries out a line of the console (`cli`).
    ///
    /// - Parameter reply: called once, from any thread, now or later.
    func console(_ line: String, reply: @escaping @Sendable (String) -> Void)
}
