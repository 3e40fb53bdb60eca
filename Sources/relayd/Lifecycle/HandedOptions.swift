internal import DaemonOptions
internal import Foundation
internal import RelayCore

/// The options as a guard hands them to each relay that it starts. What the file says by then, and what names mean by then,
/// counts from the guard's next start on: a relay that comes back after a crash goes on as the one before.
struct HandedOptions: Codable, Sendable {
    /// What the guard was started with.
    let start: Configuration
    /// The same with what has been changed while a relay ran.
    let current: Configuration

    init(start: Configuration, current: Configuration) { (self.start, self.current) = (start, current) }

    /// Reads what `sealed` has written.
    init(_ file: SealedFile) throws {
        self = try JSONDecoder().decode(HandedOptions.self, from: Data(try file.content()))
    }

    /// As something that another process can have.
    func sealed() throws -> SealedFile {
        try SealedFile(Array(try JSONEncoder().encode(self)), name: "relayd options")
    }
}
