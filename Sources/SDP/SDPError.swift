/// Why a session description was refused, and at which line.
package struct SDPError: Error, Equatable, Sendable {
    package enum Reason: Error, Equatable, Sendable {
        /// The first line is not exactly `v=0`.
        case notSDP
        /// A line without `=` as its second character.
        case malformedLine
        /// A type letter that RFC 8866 does not know.
        case unknownLine
        /// A session-level line after the first `m=`.
        case misplacedLine
        /// A second `o=`, or a second `c=` on one level.
        case duplicateLine
        /// A second `v=`: more than one session description in a body.
        case secondSession
        /// An `o=` line with fewer than six tokens; no such line at all is survived.
        case badOrigin
        /// A `c=` line that is not `IN`, a family and an address literal of that family; names and `/ttl` are not.
        case badConnection
        /// An `m=` line without type, port and protocol, or with a port or port count out of range.
        case badMediaLine
        /// An RTP payload type that is not a number from 0 to 127.
        case badPayloadType
        /// A media section without `c=`, in a session without `c=`.
        case noConnection
        case tooLarge, tooManyLines, tooManyMediaSections, tooManyFormats
    }

    package let reason: Reason
    /// Number of the offending line, the first one being 1.
    package let line: Int

    @inline(never)  // cold: keeps the throwing path out of the parser
    init(_ reason: Reason, line: Int) { (self.reason, self.line) = (reason, line) }

    /// The `error-reason` of an NG reply: rtpengine's text, which scripts compare.
    package var errorReason: String {
        switch reason {
        case .noConnection, .badPayloadType: "Incomplete SDP specification"
        default: "Failed to parse SDP"
        }
    }
}

extension SDPError: CustomStringConvertible {
    /// For logs.
    package var description: String { "\(reason) at SDP line \(line)" }
}
