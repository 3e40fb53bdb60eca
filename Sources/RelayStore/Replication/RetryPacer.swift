/// How long to wait before a store is tried again.
struct RetryPacer {
    private static let shortest = Duration.milliseconds(20)
    /// A store that is back is to be noticed well within a second.
    private static let longest = Duration.milliseconds(250)

    private let allowedErrors: Int?
    private let disableTime: Duration
    private var failures = 0

    init(_ options: ReplicationOptions) {
        (allowedErrors, disableTime) = (options.allowedErrors, options.disableTime)
    }

    /// The store has answered.
    mutating func succeed() { failures = 0 }

    /// The store has failed: the pause before the next try.
    mutating func pause() -> Duration {
        failures += 1
        if let allowedErrors, failures > allowedErrors { return disableTime }
        return min(Self.longest, Self.shortest * (1 << min(failures - 1, 10)))
    }
}
