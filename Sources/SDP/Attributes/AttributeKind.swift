/// The attributes that we understand; every other one is `other` and goes through as it came.
enum AttributeKind: UInt8, Sendable, BitwiseCopyable {
    case other
    /// Understood by name, but not by value: neither used nor sent on.
    case malformed
    case rtpmap, fmtp
    /// `rtcp-fb` of one payload type, and `rtcp-fb:*`
    case rtcpFeedback, rtcpFeedbackForAll
    case mid, label, group, ptime, maxptime
    case extmap, extmapAllowMixed
    case rtcp, rtcpMux
    case sendrecv, sendonly, recvonly, inactive
    case crypto, setup, fingerprint, tlsID
    case iceUfrag, icePwd, iceLite, iceOptions, iceMismatch, candidate, remoteCandidates, endOfCandidates
    /// `a=rtpengine`: a relay has seen this body before.
    case loopMarker
    /// `T38…`: fax parameters, which mean nothing in an RTP section.
    case t38

    /// Belongs to ICE (RFC 8839), and names ways around the relay: never copied.
    var isICE: Bool {
        switch self {
        case .iceUfrag, .icePwd, .iceLite, .iceOptions, .iceMismatch, .candidate, .remoteCandidates, .endOfCandidates:
            true
        default: false
        }
    }
}

/// Which attributes occur on one level, so that nobody searches for those that do not.
struct AttributeSet: Sendable, BitwiseCopyable {
    private var bits: UInt64 = 0

    init() {}

    mutating func insert(_ kind: AttributeKind) { bits |= 1 << UInt64(kind.rawValue) }

    func contains(_ kind: AttributeKind) -> Bool { bits & 1 << UInt64(kind.rawValue) != 0 }
}
