/// Why a media thread did not forward a datagram.
package enum DropReason: Int, CaseIterable, Sendable {
    /// Neither RTP nor RTCP, on a stream that carries only those (RFC 3550 §5.1: version 2).
    case notRTP
    /// The stream is locked to another source (RTP bleed and injection).
    case unexpectedSource
    /// The other side has not told its address yet, or is on hold with the unspecified address.
    case noDestination
    /// This side must not send now (hold, or blocked by command). Not an error.
    case notForwarded
    /// The kernel did not take it: no route, or a full queue.
    case sendFailed
    /// It came to a port that belongs to no stream any more.
    case noStream
    /// It has come round many times: two relays, or one and itself, send it to each other.
    case loop
    /// More came to its port than any media stream sends (`PortSteering`).
    case flood
    /// More came to all ports of a media thread than it could read in time (`BacklogControl`, `RoundControl`).
    case overload

    /// The packet should have been forwarded, or should not have come.
    package var isError: Bool { self != .notForwarded }

    /// The name in metrics and logs.
    package var name: String {
        switch self {
        case .notRTP: "not-rtp"
        case .unexpectedSource: "unexpected-source"
        case .noDestination: "no-destination"
        case .notForwarded: "not-forwarded"
        case .sendFailed: "send-failed"
        case .noStream: "no-stream"
        case .loop: "loop"
        case .flood: "flood"
        case .overload: "overload"
        }
    }
}
