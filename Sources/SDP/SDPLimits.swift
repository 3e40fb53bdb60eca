/// How much of a session description is read before it is refused; far above anything a telephone sends.
///
/// Together they keep the cost of a hostile body linear in its size, and its memory bounded.
package enum SDPLimits {
    /// Octets of a whole body: what a UDP datagram can carry.
    package static let octets = 64 * 1024
    /// Lines; a browser with every codec and many candidates stays under 1,000.
    package static let lines = 4096
    /// `m=` sections; each one accepted costs a pair of ports on both sides.
    package static let mediaSections = 64
    /// Formats of one `m=` line; there are 128 RTP payload types (RFC 3550 §5.1).
    package static let formatsPerMedia = 128
    /// Ports of one `m=` line (`/N`, RFC 8866 §5.14); rtpengine's limit too.
    package static let portsPerMedia = 10
}
