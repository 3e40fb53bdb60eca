/// When calls that nobody ends are ended.
public struct Timeouts: Hashable, Sendable {
    /// No packet on any stream that should carry some (`timeout`).
    public var media: Duration = .seconds(60)
    /// The same for calls whose every stream is on hold (`silent-timeout`).
    public var silent: Duration = .seconds(3600)
    /// An offer without an answer (`offer-timeout`).
    public var offer: Duration = .seconds(3600)
    /// Age of any call; zero for no limit (`final-timeout`).
    public var final: Duration = .zero
    /// From `delete` to the end of forwarding (`delete-delay`).
    public var deleteDelay: Duration = .seconds(30)

    /// rtpengine's defaults.
    public init() {}
}

extension Duration {
    /// Whole nanoseconds; what does not fit, or is negative, becomes the nearest that does.
    package var nanoseconds: UInt64 {
        guard components.seconds >= 0, components.attoseconds >= 0 else { return 0 }
        let (seconds, overflow) = UInt64(components.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, carry) = seconds.addingReportingOverflow(UInt64(components.attoseconds / 1_000_000_000))
        return carry ? .max : sum
    }
}

/// Why a call ended.
public enum TerminationReason: String, Sendable, CaseIterable {
    /// By `delete`.
    case regular = "REGULAR"
    /// By an operator.
    case forced = "FORCED"
    /// `Timeouts.media`
    case timeout = "TIMEOUT"
    /// `Timeouts.silent`
    case silentTimeout = "SILENT_TIMEOUT"
    /// `Timeouts.offer`
    case offerTimeout = "OFFER_TIMEOUT"
    /// `Timeouts.final`
    case finalTimeout = "FINAL_TIMEOUT"

    /// Somebody said so: the call is over for every relay, whatever else they know of it.
    var isCommanded: Bool { self == .regular || self == .forced }
}
