import RelayTestSupport
import Synchronization
import WireFormat

/// A SIP message in its parts.
struct SIPText: Sendable {
    let text: String
    private let lines: [Substring]

    init(_ octets: [UInt8]) {
        text = String(decoding: octets, as: UTF8.self)
        lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    }

    /// The method of a request, the code of a response.
    var kind: String {
        let words = (lines.first ?? "").split(separator: " ")
        return words.count > 1 ? String(words[0] == "SIP/2.0" ? words[1] : words[0]) : ""
    }

    /// All values of a header field, in their order.
    func values(_ name: String) -> [String] {
        lines.prefix { !$0.isEmpty }.filter { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    /// The first value of a header field.
    func value(_ name: String) -> String { values(name).first ?? "" }

    /// The address in angle brackets of a header field.
    func address(_ name: String) -> String {
        String(value(name).drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
    }

    /// The lines of the body.
    var body: [String] { lines.drop { !$0.isEmpty }.dropFirst().filter { !$0.isEmpty }.map(String.init) }

    /// Where RTP goes by each media section (RFC 8866 §5.7, §5.14), also when `c=` is in the session.
    var media: [TransportAddress] {
        var (session, result, port): (IPAddress?, [TransportAddress], UInt16?) = (nil, [], nil)
        for line in body + ["m="] {
            if line.hasPrefix("m=") {
                if let address = session, let last = port { result.append(TransportAddress(address, port: last)) }
                port = line.split(separator: " ").dropFirst().first.flatMap { UInt16($0) }
            } else if line.hasPrefix("c=") {
                session = line.split(separator: " ").last.flatMap { IPAddress($0) }
            }
        }
        return result
    }
}

/// A SIP telephone that does what a test says, line by line: it sends and waits for single messages, and has ports for its
/// media.
final class SIPPhone: Sendable {
    let name: String
    let sip: UDPEndpoint
    /// RTP of the first media section, and of the second.
    let media: [UDPEndpoint]
    private let proxy: TransportAddress
    private let read = Mutex<Set<Int>>([])

    /// - Parameters:
    ///   - port: of SIP; media is at the ports 2, 4 and so on after it, each with another for RTCP.
    ///   - mediaAddress: `nil` for the same as that of SIP.
    init(
        _ name: String, at address: IPAddress, port: UInt16, proxy: TransportAddress, mediaAddress: IPAddress? = nil
    ) async throws {
        (self.name, self.proxy) = (name, proxy)
        sip = try await UDPEndpoint(at: TransportAddress(address, port: port))
        var media: [UDPEndpoint] = []
        for offset in [2, 4] as [UInt16] {
            media.append(
                try await UDPEndpoint(at: TransportAddress(mediaAddress ?? address, port: port + offset)))
        }
        self.media = media
    }

    func close() { for endpoint in [sip] + media { endpoint.close() } }

    var uri: String { "sip:\(name)@\(sip.local)" }

    /// A session description with an audio section, or the given ones; `PORT` and `PORT2` become our ports.
    func sdp(_ sections: [String] = ["m=audio PORT RTP/AVP 8"], direction: String = "sendrecv", version: Int = 1)
        -> [String]
    {
        let address = media[0].local.address
        let family = address.family == .ipv4 ? "IP4" : "IP6"
        let lines = sections.flatMap { section in
            [
                section.replacing("PORT2", with: "\(media[1].local.port)").replacing(
                    "PORT", with: "\(media[0].local.port)")
            ] + (section.contains("RTP") ? ["a=\(direction)"] : [])
        }
        return ["v=0", "o=\(name) 1 \(version) IN \(family) \(address)", "s=-", "c=IN \(family) \(address)", "t=0 0"]
            + lines
    }

    // MARK: SIP

    private static func newBranch() -> String { "z9hG4bK\(UInt32.random(in: .min ... .max))" }

    /// Sends lines, with a body behind them if there is one.
    private func send(_ head: [String], body: [String]) async throws -> SIPText {
        let text = body.map { $0 + "\r\n" }.joined()
        let type = body.isEmpty ? [] : ["Content-Type: application/sdp"]
        let lines = head + type + ["Content-Length: \(text.utf8.count)", "", ""]
        let octets = Array((lines.joined(separator: "\r\n") + text).utf8)
        try await sip.send(octets, to: proxy)
        return SIPText(octets)
    }

    /// Sends the first INVITE of a call.
    @discardableResult
    func invite(_ callee: SIPPhone, _ callID: String, headers: [String] = [], sdp: [String]) async throws -> SIPText {
        try await send(
            [
                "INVITE \(callee.uri) SIP/2.0", "Via: SIP/2.0/UDP \(sip.local);branch=\(Self.newBranch())",
                "From: <\(uri)>;tag=\(name)", "To: <\(callee.uri)>", "Call-ID: \(callID)", "CSeq: 1 INVITE",
                "Contact: <\(uri)>", "Max-Forwards: 70",
            ] + headers, body: sdp)
    }

    /// Sends what belongs to the transaction of an INVITE of ours: CANCEL, or the ACK of a refusal.
    func follow(_ invite: SIPText, with method: String, to: String? = nil) async throws {
        _ = try await send(
            [
                String(invite.text.prefix { $0 != "\r\n" }).replacing("INVITE", with: method),
                "Via: \(invite.value("Via"))", "From: \(invite.value("From"))", "To: \(to ?? invite.value("To"))",
                "Call-ID: \(invite.value("Call-ID"))", "CSeq: 1 \(method)", "Max-Forwards: 70",
            ], body: [])
    }

    /// Answers a request.
    func reply(_ code: String, to request: SIPText, sdp: [String] = []) async throws {
        let to = request.value("To")
        let head = ["Via", "Record-Route"].flatMap { name in request.values(name).map { "\(name): \($0)" } }
        _ = try await send(
            ["SIP/2.0 \(code)"] + head + [
                "From: \(request.value("From"))", "To: \(to.contains("tag=") ? to : "\(to);tag=\(name)")",
                "Call-ID: \(request.value("Call-ID"))", "CSeq: \(request.value("CSeq"))", "Contact: <\(uri)>",
            ], body: sdp)
    }

    /// A dialog as one of its ends sees it (RFC 3261 §12).
    struct Dialog: Sendable {
        let callID, target, local, remote: String
        let routes: [String]
    }

    /// The dialog of the caller, by the 200 it has got.
    func dialog(answered response: SIPText) -> Dialog {
        Dialog(
            callID: response.value("Call-ID"), target: response.address("Contact"), local: response.value("From"),
            remote: response.value("To"), routes: response.values("Record-Route").reversed())
    }

    /// The dialog of the callee, by the INVITE it has got.
    func dialog(accepting invite: SIPText) -> Dialog {
        Dialog(
            callID: invite.value("Call-ID"), target: invite.address("Contact"),
            local: "\(invite.value("To"));tag=\(name)", remote: invite.value("From"),
            routes: invite.values("Record-Route"))
    }

    /// Sends a request within a dialog.
    func request(_ method: String, _ number: Int, in dialog: Dialog, sdp: [String] = []) async throws {
        _ = try await send(
            [
                "\(method) \(dialog.target) SIP/2.0", "Via: SIP/2.0/UDP \(sip.local);branch=\(Self.newBranch())",
                "From: \(dialog.local)", "To: \(dialog.remote)", "Call-ID: \(dialog.callID)",
                "CSeq: \(number) \(method)", "Contact: <\(uri)>", "Max-Forwards: 70",
            ] + dialog.routes.map { "Route: \($0)" }, body: sdp)
    }

    /// Waits for a message that has not been read yet. Repetitions of one that has are passed over.
    func receive(_ kind: String, _ callID: String, sequence: String? = nil) async throws -> SIPText {
        try await eventually("\(name) gets \(kind) of \(callID)") { [self] in
            let messages = sip.datagrams.filter { $0.destination == sip.local }.map { SIPText($0.payload) }
            return read.withLock { read in
                for (index, message) in messages.enumerated() where !read.contains(index) {
                    guard message.kind == kind, message.value("Call-ID") == callID,
                        sequence.map({ message.value("CSeq") == $0 }) ?? true
                    else { continue }
                    for (other, repetition) in messages.enumerated() where repetition.text == message.text {
                        read.insert(other)
                    }
                    return message
                }
                return nil
            }
        }
    }

    // MARK: Media

    /// Plays some packets to where the other side's SDP says, and waits until `listener` has them.
    func play(to relay: TransportAddress, heardBy listener: SIPPhone, section: Int = 0, isRTP: Bool = true) async throws
    {
        let before = listener.media[section].receivedCount
        let packets = (0..<5).map { number -> [UInt8] in
            isRTP
                ? [0x80, 8, 0, UInt8(number)] + [UInt8](repeating: UInt8(number), count: 168)
                : [0, UInt8(number), 1, 2]
        }
        for packet in packets { try await media[section].send(packet, to: relay) }
        _ = try await eventually("\(listener.name) hears \(name)") {
            listener.media[section].receivedCount - before >= packets.count ? true : nil
        }
    }
}
