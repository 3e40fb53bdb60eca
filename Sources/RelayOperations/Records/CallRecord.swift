package import RelayCore
internal import WireFormat

/// What is written of a call that is over, in the lines that operators' scripts know from rtpengine.
package struct CallRecord: Sendable {
    package let report: CallReport
    package let reason: TerminationReason
    /// Microseconds since the epoch.
    package let end: UInt64

    package init(report: CallReport, reason: TerminationReason, end: UInt64) {
        (self.report, self.reason, self.end) = (report, reason, end)
    }

    /// The call detail record, in one line.
    package var line: String {
        var line = Line()
        line.add("ci", Self.text(report.callID))
        line.add("created_from", report.controller.map { "\($0)" } ?? "unknown")
        line.add("last_signal", "\(report.lastSignal)")
        line.add("tos", "\(report.tos)")
        for (index, side) in report.sides.enumerated() {
            let prefix = "ml\(index)"
            line.add("\(prefix)_start_time", SystemClock.secondsText(microseconds: side.spokeMicroseconds))
            line.add("\(prefix)_end_time", SystemClock.secondsText(microseconds: end))
            let duration = end - min(end, side.spokeMicroseconds)
            line.add("\(prefix)_duration", SystemClock.secondsText(microseconds: duration))
            line.add("\(prefix)_termination", reason.rawValue)
            line.add("\(prefix)_local_tag", side.tag.map(Self.text) ?? "")
            line.add("\(prefix)_local_tag_type", index == 0 ? "FROM_TAG" : "TO_TAG")
            line.add("\(prefix)_remote_tag", side.peers.first.map(Self.text) ?? "")
            for (number, media) in side.media.enumerated() {
                let hasSpoken = media.streams.contains { !$0.isRTCP && $0.counters.packets > 0 }
                line.add("payload_type", hasSpoken ? media.payloadType.map { "\($0)" } ?? "unknown" : "unknown")
                for stream in media.streams {
                    Self.add(stream, "\(prefix)_midx\(number + 1)_\(stream.isRTCP ? "rtcp" : "rtp")", to: &line)
                }
            }
        }
        return line.text
    }

    /// The final statistics, line by line.
    package var statistics: [String] {
        var lines = ["Final packet stats:"]
        for side in report.sides {
            let age = (end - min(end, side.createdMicroseconds)) / 1_000_000
            let seconds = age % 60
            lines.append(
                "--- Tag '\(side.tag.map(Self.text) ?? "")', created \(age / 60):\(seconds < 10 ? "0" : "")\(seconds) ago "
                    + "for branch '\(side.viaBranch.map(Self.text) ?? "")'")
            for peer in side.peers {
                lines.append("---     subscribed to '\(Self.text(peer))'")
                lines.append("---     subscription for '\(Self.text(peer))'")
            }
            lines += CallText.media(side, dashes: "---------").split(separator: "\n").map(String.init)
        }
        return lines
    }

    private struct Line {
        var text = ""
        mutating func add(_ key: String, _ value: String) { text += "\(key)=\(value), " }
    }

    private static func add(_ stream: CallReport.Stream, _ prefix: String, to line: inout Line) {
        line.add("\(prefix)_endpoint_ip", stream.endpoint.map { "\($0.address)" } ?? "0.0.0.0")
        line.add("\(prefix)_endpoint_port", "\(stream.endpoint?.port ?? 0)")
        line.add("\(prefix)_local_relay_ip", "\(stream.local.address)")
        line.add("\(prefix)_local_relay_port", "\(stream.local.port)")
        line.add("\(prefix)_relayed_packets", "\(stream.counters.packets)")
        line.add("\(prefix)_relayed_bytes", "\(stream.counters.bytes)")
        line.add("\(prefix)_relayed_errors", "\(stream.counters.errors)")
        line.add("\(prefix)_last_packet", "\(stream.lastPacket)")
        // The TOS of received packets is not looked at.
        line.add("\(prefix)_in_tos_tclass", "0")
    }

    private static func text(_ octets: ByteString) -> String { PlainText.oneLine("\(octets)") }
}
