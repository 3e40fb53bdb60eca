internal import NGProtocol
internal import WireFormat

/// An NG command that is sent for many calls: encoded once, then only the number in its call-id is written anew.
///
/// What a load generator spends on encoding is taken from the relay that shares its processors.
package struct NGTemplate: Sendable {
    /// Digits of the call's number in the call-id.
    private static let digits = 8
    /// Calls count from 0 up to this.
    package static let maximumCalls = 100_000_000

    private let bytes: [UInt8]
    private let numberOffset: Int

    /// Commands about one call, in the order of the keys that Kamailio's rtpengine module sends.
    ///
    /// - Parameter run: part of the call-id, so that two generators never meet in one call.
    package enum Command: Equatable, Sendable {
        case offer(AudioDescription)
        case answer(AudioDescription)
        case delete
        case query
    }

    package init(_ command: Command, run: String) {
        let prefix = Self.prefix(run)
        var message = NGDictionary()
        message.append("supports", .list(["load limit"]))
        switch command {
        case .offer(let audio), .answer(let audio):
            message.append("sdp", .string(ByteString(audio.text)))
            message.append("ICE", "remove")
            message.append("replace", .list(["origin", "session-connection"]))
        case .delete, .query: break
        }
        message.append("call-id", .string(ByteString(prefix + String(repeating: "0", count: Self.digits))))
        switch command {
        case .offer: Self.finish(&message, "offer", tags: ["from-tag"])
        case .answer: Self.finish(&message, "answer", tags: ["from-tag", "to-tag"])
        case .delete:
            message.append("delete-delay", .integer(0))  // gone with the reply, whatever the relay's default is
            Self.finish(&message, "delete", tags: ["from-tag"])
        case .query: Self.finish(&message, "query", tags: [])
        }
        bytes = NGCodec.encode(message, as: .bencode)
        numberOffset = Self.offset(of: Array(prefix.utf8), in: bytes) + prefix.utf8.count
    }

    /// The command that asks whether anybody is there; about no call.
    package static let ping = NGCodec.encode(["command": "ping"], as: .bencode)

    /// The command that asks for the Call-IDs of up to so many calls.
    package static func list(limit: Int64) -> [UInt8] {
        NGCodec.encode(["command": "list", "limit": .integer(limit)], as: .bencode)
    }

    /// What a call is called in the commands of a run.
    package static func callID(_ call: Int, run: String) -> String {
        let number = String(call)
        return prefix(run) + String(repeating: "0", count: digits - number.count) + number
    }

    private static func prefix(_ run: String) -> String { "relay-bench-\(run)-" }

    private static func finish(_ message: inout NGDictionary, _ command: String, tags: [String]) {
        for tag in tags { message.append(ByteString(tag), .string(tag == "from-tag" ? "offerer" : "answerer")) }
        message.append("command", .string(ByteString(command)))
    }

    /// The prefix is in the message, because `init` has just put it there.
    private static func offset(of text: [UInt8], in bytes: [UInt8]) -> Int {
        (0..<(bytes.count - text.count)).first { bytes[$0..<$0 + text.count].elementsEqual(text) } ?? 0
    }

    /// The body for one call.
    package func body(call: Int) -> [UInt8] {
        var body = bytes
        var rest = call
        for index in (0..<Self.digits).reversed() {
            body[numberOffset + index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        return body
    }
}
