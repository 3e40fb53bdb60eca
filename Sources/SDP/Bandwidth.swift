/// The `b=` lines of one level (RFC 8866 §5.8). Other bandwidth types are not relayed.
package struct Bandwidth: Equatable, Sendable, BitwiseCopyable {
    /// `AS`, application specific, in kbit/s.
    package internal(set) var applicationSpecific: Int?
    /// `RR`, RTCP share of the receivers, in bit/s (RFC 3556).
    package internal(set) var rtcpReceivers: Int?
    /// `RS`, RTCP share of the senders, in bit/s (RFC 3556).
    package internal(set) var rtcpSenders: Int?
    /// `CT`, conference total, in kbit/s.
    package internal(set) var conferenceTotal: Int?
    /// `TIAS`, transport independent application specific maximum, in bit/s (RFC 3890).
    package internal(set) var transportIndependent: Int?

    /// Takes one line's value, such as `AS:64`. What is not a number counts as 0, and a negative one as not given, as
    /// rtpengine has it.
    mutating func read(_ text: Span<UInt8>, _ range: TextRange) {
        func value(after prefix: String) -> Int? {
            guard text.hasPrefix(prefix, at: range) else { return nil }
            return text.signedDecimalPrefix(in: range.dropFirst(prefix.utf8.count))
        }
        if let value = value(after: "AS:") {
            applicationSpecific = value < 0 ? nil : value
        } else if let value = value(after: "RR:") {
            rtcpReceivers = value < 0 ? nil : value
        } else if let value = value(after: "RS:") {
            rtcpSenders = value < 0 ? nil : value
        } else if let value = value(after: "CT:") {
            conferenceTotal = value < 0 ? nil : value
        } else if let value = value(after: "TIAS:") {
            transportIndependent = value < 0 ? nil : value
        }
    }
}
