import Foundation
import SDP
import Testing
import WireFormat

/// A description, what to change in it, and what must come out: `Golden/<feature>/<case>.txt`.
///
/// A file has three parts with `----` between them, after comment lines that begin with `#`: the SDP that came in, the
/// changes as `key=value` lines, and the SDP that goes out. `media=` begins the changes of the next section.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let input: [UInt8]
    let changes: [(key: String, value: String)]
    /// With plain line feeds; what goes out has CRLF.
    let expected: String
    /// What is wrong with the way the case is written; it fails then.
    let flaw: String?

    static let all: [GoldenCase] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().compactMap { name in
            let octets = FileManager.default.contents(atPath: folder.appending(path: name).path)
            return octets.map { GoldenCase(name, String(decoding: $0, as: UTF8.self)) }
        }
    }()

    init(_ name: String, _ file: String) {
        testDescription = name
        let parts = file.split(separator: "----\n", omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            (input, changes, expected, flaw) = ([], [], "", "\(parts.count) parts instead of 3")
            return
        }
        let pairs = parts[1].split(separator: "\n").map { line in
            line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        }
        flaw = pairs.first { $0.count != 2 }.map { "'\($0[0])' changes nothing" }
        changes = pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }
        let lines = parts[0].split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix("#") }
        let isCRLF = !changes.contains { $0 == ("line-end", "lf") }
        input = Array(lines.joined(separator: isCRLF ? "\r\n" : "\n").utf8)
        expected = String(parts[2])
    }

    /// The changes as the composer takes them.
    func rewrite() throws -> SDPRewrite {
        var rewrite = SDPRewrite()
        for (key, value) in changes {
            if key == "media" {
                rewrite.media.append(try #require(Self.media[value], "media=\(value)"))
            } else if let last = rewrite.media.indices.last {
                rewrite.media[last] = try Self.changed(rewrite.media[last], key, value)
            } else {
                try Self.change(&rewrite, key, value)
            }
        }
        return rewrite
    }

    private static let media: [String: MediaRewrite] = [
        "verbatim": .verbatim, "rejected": .rejected(family: .ipv4, mid: nil),
        "relayed": .relayed(RelayedMedia(port: 0, address: .unspecified(.ipv4))),
    ]

    private static func change(_ rewrite: inout SDPRewrite, _ key: String, _ value: String) throws {
        switch key {
        case "line-end": break
        case "username": rewrite.username = ByteString(value)
        case "session-id": rewrite.sessionID = ByteString(value)
        case "version": rewrite.version = .number(try #require(UInt64(value)))
        case "origin": rewrite.originAddress = IPAddress(value)
        case "session-name": rewrite.sessionName = ByteString(value)
        case "loop-marker": rewrite.loopMarker = ByteString(value)
        default:
            let words = key.split(separator: "-").map(String.init)
            try #require(words.count == 2, "unknown key \(key)")
            if words[0] == "session" {
                rewrite.sessionEdit = try edited(rewrite.sessionEdit, words[1], value)
            } else {
                let kind = MediaKind(ByteString(words[0]))
                rewrite.mediaEdits[kind] = try edited(rewrite.mediaEdits[kind], words[1], value)
            }
        }
    }

    private static func edited(_ edit: AttributeEdit?, _ verb: String, _ value: String) throws -> AttributeEdit {
        var edit = edit ?? AttributeEdit()
        switch verb {
        case "remove": edit.removed.append(ByteString(value))
        case "add": edit.added.append(ByteString(value))
        case "substitute":
            let sides = value.split(separator: ">").map { ByteString(String($0)) }
            try #require(sides.count == 2)
            edit.substituted.append(AttributeEdit.Substitution(sides[0], with: sides[1]))
        default: Issue.record("unknown verb \(verb)")
        }
        return edit
    }

    private static func changed(_ media: MediaRewrite, _ key: String, _ value: String) throws -> MediaRewrite {
        switch (media, key) {
        case (.rejected(let family, _), "mid"): return .rejected(family: family, mid: ByteString(value))
        case (.rejected(_, let mid), "family"): return .rejected(family: value == "IP6" ? .ipv6 : .ipv4, mid: mid)
        case (.relayed(var relayed), _):
            try change(&relayed, key, value)
            return .relayed(relayed)
        default:
            Issue.record("unknown key \(key)")
            return media
        }
    }

    private static func change(_ relayed: inout RelayedMedia, _ key: String, _ value: String) throws {
        switch key {
        case "port": relayed.port = try #require(UInt16(value))
        case "address": relayed.address = try #require(IPAddress(value))
        case "rtcp": relayed.rtcp = .port(try #require(UInt16(value)))
        case "full-rtcp": relayed.rtcp = .full(try #require(UInt16(value)), relayed.address)
        case "rtcp-mux": relayed.rtcpMux = value == "yes"
        case "direction":
            relayed.direction = try #require(MediaDirection.allCases.first { $0.name == value })
        case "original-sendrecv": relayed.keepsDirectionLine = value == "yes"
        case "transport": relayed.transport = TransportProtocol(ByteString(value))
        case "payload-types": relayed.payloadTypes = value.split(separator: " ").compactMap { UInt8($0) }
        case "ptime": relayed.ptime = Int(value)
        case "maxptime": relayed.maxptime = Int(value)
        case "mid": relayed.mid = ByteString(value)
        case "label": relayed.label = ByteString(value)
        default: Issue.record("unknown key \(key)")
        }
    }
}
