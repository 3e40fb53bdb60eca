internal import Synchronization
package import WireFormat

/// What a relay has done since its start, calls that are over and all.
public struct CallTotals: Hashable, Sendable {
    /// Calls that are over.
    public var ended: UInt64 = 0
    /// The sum of their ages when they ended, in seconds.
    public var seconds = 0.0
    /// The sum of the squares of these.
    public var squaredSeconds = 0.0
    /// Those of them on which no RTP packet was received at all.
    public var withoutPackets: UInt64 = 0
    /// Those of them on which some sides sent RTP and some did not.
    public var oneWay: UInt64 = 0

    /// No call yet.
    public init() {}
}

/// Calls that are over, counted by how they ended.
final class RelayStatistics: Sendable {
    enum Event: Hashable, Sendable {
        case rejected
        /// Taken over from another relay.
        case adopted
        case ended(TerminationReason)
    }

    private struct State {
        var counts: [Event: UInt64] = [:]
        var totals = CallTotals()
        var quality = QualityTotals()
    }

    private let state = Mutex(State())

    func count(_ event: Event) { state.withLock { $0.counts[event, default: 0] += 1 } }

    func value(_ event: Event) -> UInt64 { state.withLock { $0.counts[event] ?? 0 } }

    var totals: CallTotals { state.withLock { $0.totals } }

    var quality: QualityTotals { state.withLock { $0.quality } }

    /// Counts samples of how a source is heard.
    func add(_ samples: QualitySummary) { state.withLock { $0.quality.add(samples) } }

    /// Counts a call that is over.
    ///
    /// - Parameters:
    ///   - silentSides: of the sides that had RTP ports, how many have sent nothing.
    ///   - sources: how well each source was heard, and the clock rate of its codec in Hz.
    func countEnd(
        _ reason: TerminationReason, seconds: Double, sides: Int, silentSides: Int,
        sources: [(quality: SourceQuality, clockRate: UInt32)]
    ) {
        state.withLock { state in
            for source in sources { state.quality.add(source.quality, clockRate: source.clockRate) }
            state.counts[.ended(reason), default: 0] += 1
            state.totals.ended += 1
            state.totals.seconds += seconds
            state.totals.squaredSeconds += seconds * seconds
            if silentSides == sides {
                state.totals.withoutPackets += 1
            } else if silentSides > 0 {
                state.totals.oneWay += 1
            }
        }
    }
}

/// Is told of calls that are over, for call detail records. Called on whatever thread the call ended on, which holds the
/// call's lock; must not block, nor ask the relay for that call.
package protocol CallEndObserver: Sendable {
    /// False while reports would be thrown away.
    var wantsReports: Bool { get }
    /// - Parameter report: the call as it was at its end, ports and counters included.
    func callEnded(_ report: CallReport, reason: TerminationReason)
}

extension Relay {
    /// How many calls have ended for a reason since the start.
    public func endedCalls(_ reason: TerminationReason) -> UInt64 { statistics.value(.ended(reason)) }

    /// How many calls were refused because of `Configuration.maximumSessions` or a `LoadLimit`.
    public var rejectedCalls: UInt64 { statistics.value(.rejected) }

    /// Sums over the calls that are over.
    public var callTotals: CallTotals { statistics.totals }

    /// How well calls are heard: scores as they come, the rest of calls that are over.
    public var qualityTotals: QualityTotals { statistics.quality }

    /// How many datagrams were not forwarded, by reason.
    package func drops(_ reason: DropReason) -> UInt64 { plane.drops(reason) }

    /// What was received since the start, on all ports, those of ended calls included.
    package var planeTotals: PlaneTotals { plane.totals }

    /// Sets who is told of calls that are over.
    package func reportEnds(to observer: any CallEndObserver) { adjustable.withLock { $0.endObserver = observer } }

    /// Counts a call that ends now and tells of it, before its ports are closed.
    func noteEnd(of call: Call, _ state: CallState, _ reason: TerminationReason) {
        let clock = (wall: SystemClock.wall, monotonic: SystemClock.monotonic)
        var (sides, silentSides) = (0, 0)
        var sources: [(quality: SourceQuality, clockRate: UInt32)] = []
        for side in state.participants {
            guard side.media.contains(where: { $0.hasPorts || !$0.earlier.isEmpty }) else { continue }
            sides += 1
            var hasSpoken = false
            for media in side.media {
                hasSpoken = hasSpoken || media.hasSpokenEarlier
                if media.earlierFaults != StreamQuality.Faults() {
                    var earlier = SourceQuality()
                    earlier.add(media.earlierFaults)
                    sources.append((earlier, 0))  // the jitter is not known any more
                    let interface = media.ports.first?.interface ?? media.reserved?.interface
                    interface?.quality.withLock { $0.add(earlier, clockRate: 0) }
                }
                for port in media.ports {
                    var counters = plane.counters(of: port.rtp.slot)
                    guard counters.packets > 0 else { continue }
                    hasSpoken = true
                    counters.ssrc = counters.ssrc ?? media.terms.ssrc
                    let (rate, isRTP) = (media.terms.clockRate, port.isRTP)
                    let hasSamples = counters.quality?.summary.samples ?? 0 > 0 || !media.sources.isEmpty
                    guard isRTP, let quality = counters.settledQuality(clockRate: rate, clock: clock) else { continue }
                    sources.append((quality, rate))
                    port.interface.quality.withLock { $0.add(quality, clockRate: rate) }
                    // The sample of a call too short for any is made here; all others have been counted as they came.
                    guard !hasSamples else { continue }
                    statistics.add(quality.summary)
                    port.interface.quality.withLock { $0.add(quality.summary) }
                }
            }
            if !hasSpoken { silentSides += 1 }
        }
        let age = clock.monotonic &- state.start
        statistics.countEnd(
            reason, seconds: Double(age) / 1_000_000_000, sides: sides, silentSides: silentSides, sources: sources)
        if let observer = adjustable.withLock({ $0.endObserver }), observer.wantsReports {
            observer.callEnded(
                CallReport(call, state, plane: plane, interfaces: interfaces, isForeign: false), reason: reason)
        }
    }
}

/// A call in one line of a list.
package struct CallSummary: Sendable {
    package let id: ByteString
    /// Microseconds since the epoch.
    package let created: UInt64
    /// It was deleted, and its ports stay open for a while.
    package let isDeleted: Bool
    /// It belongs to another relay.
    package let isForeign: Bool
    /// Who sent the last offer or answer for it.
    package let controller: TransportAddress?
    /// Families of the addresses of its ports, once it has been answered.
    package let usesIPv4: Bool
    package let usesIPv6: Bool
}

extension Relay {
    /// One line for each call, in no order. Takes one call's lock after the other, never all.
    package func summaries() -> [CallSummary] {
        calls.withLock { Array($0.values) }.compactMap { call in
            call.state.withLock { state in
                guard !state.hasEnded else { return nil }
                // Those of an unanswered offer are nobody's media yet.
                let isAnswered = state.participants.count { $0.tag != nil } > 1
                let families = (isAnswered ? state.ports : []).map(\.pair.address.family)
                return CallSummary(
                    id: call.id, created: state.created, isDeleted: state.deleteAt != nil,
                    isForeign: isForeign(state),
                    controller: state.controller, usesIPv4: families.contains(.ipv4),
                    usesIPv6: families.contains(.ipv6))
            }
        }
    }
}
