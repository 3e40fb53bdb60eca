/// How a stream finds out where its endpoint really sends from (`endpoint-learning`; RFC 7362 "latching").
public enum EndpointLearning: String, Sendable, BitwiseCopyable, CaseIterable {
    /// Believe the SDP; learn nothing.
    case off
    /// The first packet decides.
    case immediate
    /// Every packet within the first seconds moves the target, then the next one decides.
    case delayed
    /// As `delayed`, but a source that resembles the SDP's address beats one that does not, and the exact one decides
    /// at once.
    case heuristic
}
