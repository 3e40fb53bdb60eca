/// Cuts a byte stream into messages: NG over TCP, where only the bencode itself tells where a message ends.
///
/// Every octet is looked at once, however small the pieces are in which it comes.
package struct NGStreamFramer: Sendable {
    package enum Step: Equatable, Sendable {
        /// The first message, cookie and all; it is no longer in the framer.
        case message([UInt8])
        /// Nothing whole yet.
        case needsMore
        /// What is there is not NG, and the connection should be closed.
        case garbage
    }

    /// The octets that may turn out not to be NG before the connection is closed.
    package static let garbageLimit = 1024

    private var buffer: [UInt8] = []
    /// Where the first message begins in `buffer`.
    private var head = 0
    /// Where its dictionary begins, from `head`, once the space was found.
    private var bodyOffset: Int?
    private var spaceSearched = 0
    private var scanner = BencodeScanner()
    private var isInvalid = false

    package init() {}

    /// Octets received and not yet handed out.
    package var pending: Int { buffer.count - head }

    /// Adds what was received.
    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        if head == buffer.count {
            buffer.removeAll(keepingCapacity: pending < 1 << 16)
            head = 0
        } else if head > 1 << 16 {
            buffer.removeFirst(head)
            head = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Adds what was received.
    package mutating func append(_ bytes: [UInt8]) { append(bytes[...]) }

    /// The next message; ask again until there is none.
    package mutating func next() -> Step {
        guard let body = findBody(), !isInvalid else { return pending > Self.garbageLimit ? .garbage : .needsMore }
        var scanner = scanner
        let outcome = scanner.scan(buffer.span.extracting(droppingFirst: head + body))
        self.scanner = scanner
        switch outcome {
        case .complete:
            let end = head + body + scanner.offset
            let message = Array(buffer[head..<end])
            head = end
            (bodyOffset, spaceSearched, self.scanner) = (nil, 0, BencodeScanner())
            return .message(message)
        case .needsMore: return pending > NGCodec.maximumMessageLength ? .garbage : .needsMore
        case .invalid:
            isInvalid = true
            return pending > Self.garbageLimit ? .garbage : .needsMore
        }
    }

    /// Where the dictionary begins, from `head`: after the first space.
    private mutating func findBody() -> Int? {
        if let bodyOffset { return bodyOffset }
        while head + spaceSearched < buffer.count {
            spaceSearched += 1
            if buffer[head + spaceSearched - 1] == UInt8(ascii: " ") {
                bodyOffset = spaceSearched
                return bodyOffset
            }
        }
        return nil
    }
}
