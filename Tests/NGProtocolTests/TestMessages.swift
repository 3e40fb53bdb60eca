import Foundation
import Testing
import WireFormat

@testable import NGProtocol

/// A command and its reply, octet for octet, as rtpengine 26.3 and a client exchanged them.
struct Exchange: Sendable, CustomTestStringConvertible {
    let request: [UInt8]
    let reply: [UInt8]

    var testDescription: String { String(decoding: request.prefix(40), as: UTF8.self) }

    /// `>> request`, `<< reply`, an empty line; requests and replies may contain line ends of their own.
    static let all: [Exchange] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Golden/transcript/commands-and-replies.txt").path
        let octets = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
        return split(octets, by: "\n\n>> ").compactMap { exchange in
            let halves = split(Array(exchange), by: "\n<< ")
            guard halves.count == 2 else { return nil }
            var (request, reply) = (halves[0], halves[1])
            if request.starts(with: Array(">> ".utf8)) { request.removeFirst(3) }
            if reply.last == UInt8(ascii: "\n") { reply.removeLast() }
            return Exchange(request: request, reply: reply)
        }
    }()

    private static func split(_ octets: [UInt8], by separator: String) -> [[UInt8]] {
        let separator = Array(separator.utf8)
        var (pieces, piece, index) = ([[UInt8]](), [UInt8](), 0)
        while index < octets.count {
            if octets[index...].starts(with: separator) {
                pieces.append(piece)
                piece = []
                index += separator.count
            } else {
                piece.append(octets[index])
                index += 1
            }
        }
        return pieces + [piece]
    }
}

/// A message that test reports call by its name.
struct Message: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]

    var testDescription: String { name }
}

/// Messages as Kamailio's rtpengine module builds them.
enum Kamailio {
    private static let offeredSDP =
        "v=0\r\no=- 20518 0 IN IP4 203.0.113.9\r\ns=-\r\nc=IN IP4 203.0.113.9\r\nt=0 0\r\n"
        + "m=audio 54400 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        + "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"

    /// Kamailio 5.6: an offer with `ICE=remove direction=pub direction=priv replace-origin replace-session-connection
    /// trust-address via-branch=1 RTP/AVP`.
    static let offer = Array(
        ("0_2189_17 d8:supportsl10:load limite3:sdp198:" + offeredSDP + "3:ICE6:remove9:directionl3:pub4:prive"
            + "5:flagsl13:trust-addresse7:replacel6:origin18:session-connectione18:transport-protocol7:RTP/AVP"
            + "7:call-id27:a84b4c76e66710@host.example10:via-branch18:z9hG4bK776asdhds.0"
            + "13:received-froml3:IP412:198.51.100.7e8:from-tag10:19283017747:command5:offere").utf8)

    /// Kamailio 5.6: the delete that follows a BYE.
    static let delete = Array(
        ("0_2189_18 d8:supportsl10:load limite7:call-id27:a84b4c76e66710@host.example"
            + "13:received-froml3:IP412:198.51.100.7e8:from-tag10:19283017747:command6:deletee").utf8)

    /// Kamailio 6.2: an answer whose flags the relay has to read, which come after the command.
    static let answer = Array(
        ("0_1804289383_19 d8:supportsl10:load limite3:sdp197:"
            + offeredSDP.replacing("54400", with: "6000")
            + "7:call-id27:a84b4c76e66710@host.example10:via-branch18:z9hG4bK776asdhds.08:from-tag10:1928301774"
            + "6:to-tag7:a6c85cf7:command6:answer16:sip-message-type9:sip_reply"
            + "10:rtpp-flags60:replace-origin ICE=remove RTP/AVP received-from=198.51.100.7e").utf8)

    static let all = [
        Message(name: "5.6 offer", bytes: offer), Message(name: "5.6 delete", bytes: delete),
        Message(name: "6.2 answer", bytes: answer),
    ]
}

/// The dictionary of a message.
func dictionary(of message: [UInt8]) throws -> NGDictionary {
    guard let message = NGMessage(datagram: message) else { throw NGError(.noPayload) }
    return try NGCodec.decode(message.body).dictionary
}

/// The request that consists of these entries.
func read(_ entries: NGDictionary, templates: [ByteString: ByteString] = [:]) throws(NGError) -> NGRequest {
    var dictionary = entries
    if dictionary["command"] == nil { dictionary.append("command", "offer") }
    return try NGRequest(dictionary, templates: templates)
}

/// The offer that consists of this flag string.
func read(flagString: String) throws(NGError) -> NGRequest {
    try read(["rtpp-flags": .string(flagString)])
}
