public import RelayCore
public import WireFormat

/// The newest known state of one call, as a store keeps it.
public struct SessionRecord: Sendable {
    /// The Call-ID.
    public let callID: ByteString
    /// Which relay wrote it.
    public let node: String
    /// What the call looked like.
    public let report: CallReport

    /// A record of a call, written by a relay.
    public init(node: String, report: CallReport) {
        (callID, self.node, self.report) = (report.callID, node, report)
    }
}
