internal import Logging
internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGDispatcher {
    /// Octets in one line of a trace; longer lines are cut by the log.
    private static let tracedPiece = 400
    /// Beginnings of lines with keys (RFC 4568, RFC 4567, RFC 8866 §5.12) and passwords (RFC 8839 §5.4), in lower case.
    private static let secrets = ["a=crypto:", "a=key-mgmt:", "k=", "a=ice-pwd:"]

    // MARK: A line for every command and reply, at level 6, in rtpengine's words

    // The relay asks itself 20 times a second whether it answers: that would be most of the log.

    func logReceived(_ command: NGCommand, _ callID: ByteString?, from peer: TransportAddress) {
        guard !peer.address.isUnspecified else { return }
        log.info(
            "Received command '\(command.rawValue)' from \(peer)", metadata: Self.metadata(callID: callID))
    }

    func logReply(to command: NGCommand, _ callID: ByteString?, from peer: TransportAddress, nanoseconds: UInt64) {
        guard !peer.address.isUnspecified else { return }
        let elapsed = SystemClock.secondsText(microseconds: nanoseconds / 1_000)
        log.info(
            "Replying to '\(command.rawValue)' from \(peer) (elapsed time \(elapsed) sec)",
            metadata: Self.metadata(callID: callID))
    }

    // MARK: All of them, of a traced call

    /// Logs the reply to a command of a traced call.
    func trace(_ reply: NGReply, to message: NGMessage, _ request: NGRequest) {
        guard let bytes = reply.datagram(for: message, as: .bencode, limit: .max),
            let datagram = NGMessage(datagram: bytes), let decoded = try? NGCodec.decode(datagram.body)
        else { return }
        trace("answered", decoded.dictionary, request)
    }

    /// Logs a command or reply of a traced call, whatever the log level.
    func trace(_ what: String, _ dictionary: NGDictionary, _ request: NGRequest) {
        var head = NGDictionary()
        for entry in dictionary.entries where entry.key != "sdp" && entry.key != "SDP" {
            head.append(entry.key, entry.value)
        }
        var rest = Substring(String(decoding: NGCodec.encode(head, as: .json), as: UTF8.self))
        repeat {
            tell("\(what): \(rest.prefix(Self.tracedPiece))", request)
            rest = rest.dropFirst(Self.tracedPiece)
        } while !rest.isEmpty
        let sdp = (dictionary["sdp"] ?? dictionary["SDP"])?.string.map { "\($0)" } ?? ""
        for line in sdp.split(whereSeparator: \.isNewline) {
            tell("\(what): \(Self.masked(line))", request)
        }
    }

    /// A level that is set on a logger itself counts, whatever the options say.
    private func tell(_ text: String, _ request: NGRequest) {
        var log = log
        log.logLevel = .notice
        log.notice("\(request.command.rawValue): \(text)", metadata: Self.metadata(callID: request.callID))
    }

    /// The keys of a call, and what else opens it, are nobody's business, also of those who may read the log.
    private static func masked(_ line: Substring) -> Substring {
        let start = line.lowercased()
        guard let secret = secrets.first(where: { start.hasPrefix($0) }) else { return line }
        return line.prefix(secret.count) + "…"
    }
}
