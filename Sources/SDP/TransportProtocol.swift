package import WireFormat

/// The transport of an `m=` line (RFC 8866 §5.14).
package enum TransportProtocol: Hashable, Sendable {
    /// RFC 3551
    case rtpAVP
    /// RFC 3711
    case rtpSAVP
    /// RFC 4585
    case rtpAVPF
    /// RFC 5124
    case rtpSAVPF
    /// RFC 5764
    case udpTLSRTPSAVP, udpTLSRTPSAVPF
    /// T.38 fax (ITU-T T.38 annex D)
    case udptl
    /// Anything else, relayed as opaque UDP; the sender's own spelling.
    case other(ByteString)

    private static let known: [TransportProtocol] = [
        .rtpAVP, .rtpSAVP, .rtpAVPF, .rtpSAVPF, .udpTLSRTPSAVP, .udpTLSRTPSAVPF, .udptl,
    ]

    /// Reads a protocol name; letter case does not matter for the known ones.
    package init(_ text: ByteString) { self.init(text.bytes.span) }

    init(_ text: Span<UInt8>) {
        for candidate in Self.known where text.equalsIgnoringCase(candidate.name) {
            self = candidate
            return
        }
        self = .other(ByteString(text))
    }

    /// The registered name; empty for `other`.
    var name: String {
        switch self {
        case .rtpAVP: "RTP/AVP"
        case .rtpSAVP: "RTP/SAVP"
        case .rtpAVPF: "RTP/AVPF"
        case .rtpSAVPF: "RTP/SAVPF"
        case .udpTLSRTPSAVP: "UDP/TLS/RTP/SAVP"
        case .udpTLSRTPSAVPF: "UDP/TLS/RTP/SAVPF"
        case .udptl: "udptl"
        case .other: ""
        }
    }

    /// The name as it goes into an `m=` line.
    package var text: ByteString {
        if case .other(let text) = self { text } else { ByteString(name) }
    }

    /// True when the packets are RTP and RTCP, encrypted or not.
    package var isRTP: Bool {
        switch self {
        case .udptl, .other: false
        default: true
        }
    }

    /// How the packets are protected; two transports of one kind differ in RTCP feedback alone.
    package enum Security: Sendable { case none, sdes, dtls }

    /// What `RTP/AVP` and `RTP/AVPF` have in common.
    package var security: Security {
        switch self {
        case .rtpSAVP, .rtpSAVPF: .sdes
        case .udpTLSRTPSAVP, .udpTLSRTPSAVPF: .dtls
        default: .none
        }
    }

    /// True for SRTP, keyed by SDES or by DTLS.
    package var isSecure: Bool {
        switch self {
        case .rtpSAVP, .rtpSAVPF, .udpTLSRTPSAVP, .udpTLSRTPSAVPF: true
        default: false
        }
    }
}

extension TransportProtocol: CustomStringConvertible {
    /// The name as it goes into an `m=` line, for people and logs.
    package var description: String { text.description }
}
