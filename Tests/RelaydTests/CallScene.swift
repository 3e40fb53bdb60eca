import Foundation
import RelayTestSupport
import WireFormat

/// A relay and a Kamailio, and what may happen to a call between two telephones.
struct CallScene: Sendable {
    let relay: RelayProcess
    private let network: LoopbackNetwork
    private let proxy: TransportAddress

    /// SIP, and two media ports with their RTCP, for each telephone; the relay's ports come first.
    private static let portsPerPhone: UInt16 = 6
    private static let relayPorts: UInt16 = 120

    init(in run: TestRun) async throws {
        let network = try LoopbackNetwork(portCount: Self.relayPorts + 40 * Self.portsPerPhone)
        self.network = network
        let first = network.ports.lowerBound
        let control = TransportAddress(network.host(1), port: first)
        var options = RelayProcess.Options(
            control: control, media: control.address, mediaPorts: first + 10...first + Self.relayPorts)
        options.others = ["--interface=::1"]
        relay = try await RelayProcess.start(options, in: run)
        let proxy = TransportAddress(network.host(2), port: first + 1)
        self.proxy = proxy
        let flags = "replace-origin replace-session-connection trust-address $hdr(X-Relay)"
        let process = try run.start(
            Executables.require("kamailio"),
            [
                "-f", KamailioCalls.file("kamailio.cfg"), "-DD", "-E", "-m", "16", "-M", "4",
                "-Y", run.directory, "-P", run.path(of: "kamailio.pid"),
                "-A", "LISTEN=udp:\(proxy)", "-A", "RELAY_NG=\"udp:\(control)\"", "-A", "RELAY_FLAGS=\"\(flags)\"",
                "-A", "FORK",
            ], name: "kamailio")
        _ = try await eventually("Kamailio listens; it says: \(process.lastLines)") {
            OpenSockets.local(.udp).contains(proxy) ? true : nil
        }
    }

    /// The telephones of one call.
    struct Phones: Sendable {
        let alice, bob, carol: SIPPhone
        let callID: String

        /// Call set up by an INVITE with an offer; what each was told about the other's media.
        func connect(
            headers: [String] = [], _ offer: [String]? = nil, _ answer: [String]? = nil
        ) async throws -> (caller: SIPPhone.Dialog, callee: SIPPhone.Dialog, toBob: SIPText, toAlice: SIPText) {
            try await alice.invite(bob, callID, headers: headers, sdp: offer ?? alice.sdp())
            let invite = try await bob.receive("INVITE", callID)
            try await bob.reply("180 Ringing", to: invite)
            try await bob.reply("200 OK", to: invite, sdp: answer ?? bob.sdp())
            let ok = try await alice.receive("200", callID)
            let dialog = alice.dialog(answered: ok)
            try await alice.request("ACK", 1, in: dialog)
            _ = try await bob.receive("ACK", callID)
            return (dialog, bob.dialog(accepting: invite), invite, ok)
        }

        /// Both hear each other.
        func talk(_ toBob: SIPText, _ toAlice: SIPText, section: Int = 0, isRTP: Bool = true) async throws {
            try await alice.play(to: toAlice.media[section], heardBy: bob, section: section, isRTP: isRTP)
            try await bob.play(to: toBob.media[section], heardBy: alice, section: section, isRTP: isRTP)
        }

        /// A request with an offer within the call, and its answer.
        func renegotiate(
            _ method: String, _ number: Int, _ dialog: SIPPhone.Dialog, _ offer: [String], _ answer: [String]
        ) async throws -> (toBob: SIPText, toAlice: SIPText) {
            try await alice.request(method, number, in: dialog, sdp: offer)
            let request = try await bob.receive(method, callID)
            try await bob.reply("200 OK", to: request, sdp: answer)
            let ok = try await alice.receive("200", callID, sequence: "\(number) \(method)")
            if method == "INVITE" {
                try await alice.request("ACK", number, in: dialog)
                _ = try await bob.receive("ACK", callID)
            }
            return (request, ok)
        }

        func hangUp(_ dialog: SIPPhone.Dialog) async throws {
            try await alice.request("BYE", 9, in: dialog)
            try await bob.reply("200 OK", to: bob.receive("BYE", callID))
            _ = try await alice.receive("200", callID, sequence: "9 BYE")
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ course: String, _ error: any Error) { description = "\(course): \(error)" }
        init(_ text: String) { description = text }
    }

    /// Plays one course with telephones of its own.
    func play(
        _ name: String, number: UInt8, _ course: @Sendable (Phones) async throws -> Void
    ) async throws {
        func phone(_ name: String, _ position: UInt8, _ media: IPAddress?) async throws -> SIPPhone {
            let index = UInt16(number) * 3 + UInt16(position)
            return try await SIPPhone(
                name, at: network.host(10 + number * 3 + position),
                port: network.ports.lowerBound + Self.relayPorts + 2 + index * Self.portsPerPhone, proxy: proxy,
                mediaAddress: media)
        }
        let isIPv6 = name.contains("IPv6")
        let phones = Phones(
            alice: try await phone("alice", 0, nil),
            bob: try await phone("bob", 1, isIPv6 ? IPAddress("::1") : nil),
            carol: try await phone("carol", 2, nil), callID: "\(number)-\(UInt32.random(in: .min ... .max))@test")
        defer { for phone in [phones.alice, phones.bob, phones.carol] { phone.close() } }
        do { try await course(phones) } catch { throw Failure(name, error) }
    }
}
