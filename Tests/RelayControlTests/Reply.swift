import NGProtocol
import WireFormat

/// A reply, and the session description in it.
struct Reply: Sendable {
    let dictionary: NGDictionary

    var result: String? { text("result") }
    var errorReason: String? { text("error-reason") }
    var warning: String? { text("warning") }
    var sdp: String { text("sdp") ?? "" }

    /// The lines of the description.
    var lines: [String] { sdp.split(separator: "\r\n").map(String.init) }

    /// The port in the first m-line; 0 without one.
    var port: UInt16 { ports.first ?? 0 }

    /// The port in each m-line.
    var ports: [UInt16] {
        lines.filter { $0.hasPrefix("m=") }.map { UInt16($0.split(separator: " ")[1]) ?? 0 }
    }

    func text(_ key: String) -> String? { dictionary[key]?.string.map { "\($0)" } }

    /// The lines that say where and which way media flows.
    var direction: String? {
        lines.first { ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"].contains($0) }
    }

    /// The `c=` line of the first medium.
    var connection: String? { connections.first }

    /// The `c=` lines, one for each medium.
    var connections: [String] { lines.filter { $0.hasPrefix("c=") } }

    /// What the first medium says about RTCP.
    var rtcp: [String] { lines.filter { $0.hasPrefix("a=rtcp") } }

    /// One side of the call in a report: its tag, and its own entry.
    func side(_ tag: String) -> NGDictionary? { dictionary["tags"]?.dictionary?[tag]?.dictionary }

    /// The tags in a report.
    var tags: [String] { dictionary["tags"]?.dictionary?.entries.map { "\($0.key)" } ?? [] }

    /// The streams of a side's first medium in a report.
    func streams(_ tag: String) -> [NGDictionary] {
        side(tag)?["medias"]?.list?.first?.dictionary?["streams"]?.list?.compactMap(\.dictionary) ?? []
    }

    /// Our ports that face a side.
    func localPorts(_ tag: String) -> [Int64] { streams(tag).compactMap { $0["local port"]?.number } }
}
