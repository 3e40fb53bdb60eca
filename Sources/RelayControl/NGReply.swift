package import NGProtocol
package import RelayCore
package import WireFormat

/// What a command answers.
package enum NGReply: Sendable {
    case values(NGDictionary)
    /// A session description for the other side, and what was left undone.
    case description([UInt8], warning: String?)
    /// What is known of a call, or of one side and those it hears. Written without a tree of values in between.
    case report(CallReport, onlyTag: ByteString?)

    /// About how long a report of two sides is, most replies of another kind, and what stands around a description, in
    /// octets.
    private static let usualLength = (report: 3072, values: 512, besidesDescription: 64)

    var isError: Bool {
        guard case .values(let dictionary) = self else { return false }
        return dictionary["result"]?.string == Self.error
    }

    private static let error: ByteString = "error"

    /// The whole datagram that answers a message, in at most `limit` octets; `nil` when there is none so short.
    ///
    /// A report that is longer comes without the media of its sides: each m-line takes some 900 octets a side.
    func datagram(for message: NGMessage, as format: NGBodyFormat, limit: Int) -> [UInt8]? {
        let whole = datagram(for: message, as: format, detail: .all)
        guard whole.count > limit else { return whole }
        guard case .report = self else { return nil }
        let short = datagram(for: message, as: format, detail: .sides)
        return short.count <= limit ? short : nil
    }

    private func datagram(for message: NGMessage, as format: NGBodyFormat, detail: NGWriter.ReportDetail) -> [UInt8] {
        switch self {
        case .values(let dictionary):
            message.reply(as: format, capacity: Self.usualLength.values) { $0.dictionary(dictionary) }
        case .description(let sdp, let warning):
            message.reply(as: format, capacity: sdp.count + Self.usualLength.besidesDescription) { writer in
                writer.dictionary { reply in
                    reply.field("sdp", ByteString(sdp))
                    if let warning { reply.field("warning", warning) }
                    reply.field("result", "ok")
                }
            }
        case .report(let report, let tag):
            message.reply(as: format, capacity: Self.usualLength.report) { writer in
                writer.dictionary { reply in
                    reply.entries(of: report, onlyTag: tag, detail)
                    reply.field("result", "ok")
                }
            }
        }
    }
}
