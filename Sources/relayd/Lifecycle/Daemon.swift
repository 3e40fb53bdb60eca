internal import RelayCore

/// A process on its way to the background. Its parent waits for the outcome, so that a failed start is seen.
struct Daemon {
    private let descriptor: Int32

    /// Leaves the foreground: only the child returns. Before any thread is started.
    init() throws(SystemError) { descriptor = try SystemService.detach() }

    /// Everything runs: the parent ends with status 0, and the terminal is let go.
    func ready() throws(SystemError) { try SystemService.detached(descriptor) }
}
