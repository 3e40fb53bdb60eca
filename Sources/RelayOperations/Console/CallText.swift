internal import RelayCore
internal import WireFormat

/// A call for people, as rtpengine's console and log show it, and for scripts.
enum CallText {
    static func text(_ report: CallReport) -> String {
        var text = """

            callid: \(PlainText.oneLine("\(report.callID)"))
            deletionmark: \(CallCommands.yesNo(report.isDeleted))
            created: \(report.created / 1_000_000)
            proxy: \(report.controller.map { "\($0)" } ?? "-")
            tos: \(report.tos)
            last_signal: \(report.lastSignal)
            redis_keyspace: 0
            foreign: \(CallCommands.yesNo(report.isForeign))


            """
        for (index, side) in report.sides.enumerated() { text += self.text(side, isFirst: index == 0) }
        return text + "\n"
    }

    /// One side.
    static func text(_ side: CallReport.Side, isFirst: Bool) -> String {
        let now = SystemClock.wall / 1_000_000_000
        var text = "--- Tag '\(tag(side.tag))', type: \(isFirst ? "FROM_TAG" : "TO_TAG"), "
        text += "label '\(tag(side.label))', branch '\(tag(side.viaBranch))', "
        text += "callduration \(ReportText.decimal(Double(now - min(now, side.created)), digits: 6))\n"
        for peer in side.peers {
            text += "---     subscribed to '\(tag(peer))'\n---     subscription of '\(tag(peer))'\n"
        }
        return text + media(side, dashes: "--------")
    }

    /// The m-lines of a side with their ports and counters.
    static func media(_ side: CallReport.Side, dashes: String) -> String {
        var text = ""
        for (index, media) in side.media.enumerated() {
            text += "------ Media #\(index + 1) (\(tag(media.kind)) over \(tag(media.transport))) "
            text += "using \(media.codec.map { tag($0) } ?? "unknown codec")\n"
            for stream in media.streams {
                text += "\(dashes) Port \(address(stream.local)) <> \(address(stream.endpoint))"
                text += "\(stream.isRTCP ? " (RTCP)" : ""), SSRC \(String(stream.counters.ssrc ?? 0, radix: 16)), "
                text += "\(stream.counters.packets) p, \(stream.counters.bytes) b, \(stream.counters.errors) e, "
                text += "\(stream.lastPacket) ts\n"
            }
        }
        return text
    }

    private static func tag(_ octets: ByteString?) -> String {
        octets.map { PlainText.oneLine("\($0)") } ?? ""
    }

    private static func address(_ address: TransportAddress?) -> String {
        guard let address else { return ReportText.right("-", 15) + ":" + ReportText.left("0", 5) }
        return ReportText.right("\(address.address)", 15) + ":" + ReportText.left("\(address.port)", 5)
    }

    static func report(_ report: CallReport) -> ReportObject {
        [
            "callid": .string("\(report.callID)"), "created": .count(report.created / 1_000_000),
            "last_signal": .count(report.lastSignal), "deleted": .boolean(report.isDeleted),
            "foreign": .boolean(report.isForeign), "tos": .count(report.tos),
            "proxy": .string(report.controller.map { "\($0)" } ?? ""), "sides": .list(report.sides.map(side)),
        ]
    }

    private static func side(_ side: CallReport.Side) -> ReportValue {
        [
            "tag": .string(tag(side.tag)), "label": .string(tag(side.label)), "branch": .string(tag(side.viaBranch)),
            "media": .list(
                side.media.map { media in
                    [
                        "type": .string(tag(media.kind)), "protocol": .string(tag(media.transport)),
                        "codec": .string(tag(media.codec)), "streams": .list(media.streams.map(stream)),
                    ]
                }),
        ]
    }

    private static func stream(_ stream: CallReport.Stream) -> ReportValue {
        [
            "rtcp": .boolean(stream.isRTCP), "local": .string("\(stream.local)"),
            "endpoint": .string(stream.endpoint.map { "\($0)" } ?? ""), "locked": .boolean(stream.isLocked),
            "packets": .count(stream.counters.packets), "bytes": .count(stream.counters.bytes),
            "errors": .count(stream.counters.errors), "packets_out": .count(stream.counters.packetsOut),
            "bytes_out": .count(stream.counters.bytesOut), "last_packet": .count(stream.lastPacket),
        ]
    }
}
