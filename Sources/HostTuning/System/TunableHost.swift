internal import Foundation

/// What is looked at and changed.
package protocol TunableHost: Sendable {
    /// What it is like now.
    func read() throws(TuningError) -> HostState
    /// Does one thing.
    ///
    /// - Returns: where a rule has been put.
    /// - Throws: when that was refused.
    func perform(_ change: HostChange) throws(TuningError) -> Int?
    /// Whether packets can come through a card now.
    func hasLink(_ card: HostChange.Card) -> Bool
    /// Lets time pass.
    func pause(milliseconds: Int)
}

/// The host that we are on.
package struct RunningHost: TunableHost {
    private let reader: HostReader
    private let writer: HostWriter

    package init(_ reader: HostReader, _ writer: HostWriter = HostWriter()) {
        (self.reader, self.writer) = (reader, writer)
    }

    package func read() throws(TuningError) -> HostState { try reader.read() }
    package func perform(_ change: HostChange) throws(TuningError) -> Int? { try writer.perform(change) }
    package func hasLink(_ card: HostChange.Card) -> Bool { reader.hasLink(card) }
    package func pause(milliseconds: Int) { Thread.sleep(forTimeInterval: Double(milliseconds) / 1000) }
}
