package import NGProtocol
internal import RelayControl

/// Answers the NG commands `statistics` and `cli`.
package final class ControlGateway: ControlOperations {
    private let figures: RelayFigures
    private let console: Console

    package init(figures: RelayFigures, console: Console) { (self.figures, self.console) = (figures, console) }

    package func statistics() -> NGDictionary { NGDictionary(figures.report) }

    package func console(_ line: String, reply: @escaping @Sendable (String) -> Void) {
        // Bounded by those who wait for the reply: one task for each message in work.
        Task { [console] in reply(await console.answer(line)) }
    }
}
