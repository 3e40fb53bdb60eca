internal import Synchronization

/// What may change while a relay runs. It counts from the next command, packet or look at a call's age on.
public struct RelaySettings: Hashable, Sendable {
    /// Calls at a time; `nil` for no limit.
    public var maximumSessions: Int?
    /// TOS octet or traffic class of new calls.
    public var tos: UInt8
    /// How endpoints' real addresses are learned unless an offer says otherwise.
    public var endpointLearning: EndpointLearning
    /// When calls that nobody ends are ended.
    public var timeouts: Timeouts

    init(_ configuration: Relay.Configuration) {
        (maximumSessions, tos) = (configuration.maximumSessions, configuration.tos)
        (endpointLearning, timeouts) = (configuration.endpointLearning, configuration.timeouts)
    }
}

/// Why no new call is taken, though one could be. Calls that exist are always served.
public enum LoadLimit: String, CaseIterable, Sendable {
    /// `RelaySettings.maximumSessions`
    case sessions = "Parallel session limit reached"
    /// The processors are busy.
    case cpu = "CPU usage limit exceeded"
    /// The system's load average is high.
    case load = "Load limit exceeded"
    /// The media of the calls takes all the bandwidth that was granted.
    case bandwidth = "Bandwidth limit exceeded"
}

extension Relay {
    /// The settings as they are now.
    public var settings: RelaySettings { adjustable.withLock { $0.settings } }

    /// Changes settings. Any thread.
    public func changeSettings(_ change: (inout RelaySettings) -> Void) {
        adjustable.withLock { change(&$0.settings) }
    }

    /// Refuses new calls for that reason from now on; `nil` takes them again. Any thread.
    public func refuseNewCalls(because limit: LoadLimit?) { adjustable.withLock { $0.refusal = limit } }

    /// Whether a call may be added to `count` others.
    func admit(besides count: Int) throws(RelayError) {
        let (settings, refusal) = adjustable.withLock { ($0.settings, $0.refusal) }
        if let limit = isDraining.load(ordering: .relaxed) ? 0 : settings.maximumSessions, count >= limit {
            statistics.count(.rejected)
            throw .sessionLimitReached(limit: limit)
        }
        if let refusal {
            statistics.count(.rejected)
            throw .overloaded(refusal)
        }
    }
}

/// What may change while a relay runs, as the relay keeps it.
struct Adjustable: Sendable {
    var settings: RelaySettings
    var refusal: LoadLimit?
    var endObserver: (any CallEndObserver)?
}
