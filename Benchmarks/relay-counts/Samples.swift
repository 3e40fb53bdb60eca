internal import Logging
internal import NGProtocol
internal import RelayCore
internal import WireFormat

/// Messages as Kamailio and telephones send them.
enum Samples {
    static let log = Logger(label: "micro", factory: { _ in SwiftLogNoOpLogHandler() })
    static let peer = TransportAddress(loopback, port: 2223)
    static let loopback = IPAddress(ipv4: 0x7F00_0001)

    static let invite = sdp(
        "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv")
    static let offerBody = NGCodec.encode(command("offer", "1@example.com", invite), as: .bencode)

    static var configuration: Relay.Configuration {
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: loopback)])
        configuration.ports = 44_000...45_999
        configuration.mediaThreads = 1
        configuration.logger = log
        return configuration
    }

    /// A call's commands, cookies and all.
    static func sequence(_ number: Int) -> [[UInt8]] {
        [("offer", invite), ("answer", invite), ("delete", nil)].enumerated().map { place, command in
            Array("\(number)_\(place) ".utf8)
                + NGCodec.encode(Self.command(command.0, "\(number)@example.com", command.1), as: .bencode)
        }
    }

    private static func command(_ name: String, _ call: String, _ sdp: [UInt8]?) -> NGDictionary {
        var command: NGDictionary = [
            "command": .string(ByteString(name)), "call-id": .string(ByteString(call)), "from-tag": "alice",
        ]
        if let sdp {
            command.append("to-tag", ifPresent: name == "answer" ? "bob" : nil)
            command.append("sdp", ifPresent: .string(ByteString(String(decoding: sdp, as: UTF8.self))))
            command.append("flags", ifPresent: .list(["trust-address"]))
            command.append("replace", ifPresent: .list(["origin"]))
            command.append("ICE", ifPresent: "remove")
        } else {
            command.append("delete-delay", ifPresent: 0)
        }
        return command
    }

    static func sdp(port: UInt16 = 4000, _ attributes: String...) -> [UInt8] {
        let lines =
            [
                "v=0", "o=alice 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                "m=audio \(port) RTP/AVP 8 101",
            ]
            + attributes
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }
}
