package import WireFormat

/// Answers control messages, whichever transport they came by.
package protocol NGMessageHandler: Sendable {
    /// Takes one message, cookie and all.
    ///
    /// - Parameters:
    ///   - peer: who asks.
    ///   - limit: so many octets can be sent back at a time.
    ///   - reply: sends an answer, from any thread, now or later; never called for a message that deserves none.
    func receive(
        _ message: [UInt8], from peer: TransportAddress, limit: Int, reply: @escaping @Sendable ([UInt8]) -> Void)
}

extension NGMessageHandler {
    /// Takes a message from where answers can be of any length.
    package func receive(
        _ message: [UInt8], from peer: TransportAddress, reply: @escaping @Sendable ([UInt8]) -> Void
    ) {
        receive(message, from: peer, limit: .max, reply: reply)
    }
}
