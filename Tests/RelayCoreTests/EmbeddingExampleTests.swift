import Foundation
import RelayCore
import Testing

/// The README's example of a relay inside another program, run as it stands there.
@Suite struct EmbeddingExampleTests {
    private let inviteBody = Self.body(address: "127.0.0.1", port: 41_000)
    private let okBody = Self.body(address: "127.0.0.1", port: 41_002)

    /// A plain audio description, as a SIP phone sends it.
    private static func body(address: String, port: UInt16) -> [UInt8] {
        let lines = [
            "v=0", "o=- 1 1 IN IP4 \(address)", "s=-", "c=IN IP4 \(address)", "t=0 0", "m=audio \(port) RTP/AVP 8",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    /// The port of the first m-line.
    private func audioPort(in sdp: [UInt8]) throws -> UInt16 {
        let text = String(decoding: sdp, as: UTF8.self)
        let line = try #require(text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("m=audio ") })
        return try #require(UInt16(line.split(separator: " ")[1]))
    }

    @Test("relays a call in process: offer, answer, query, delete, stop")
    func example() throws {
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))])
        configuration.ports = 40000...40999
        configuration.tos = 184
        let relay = try Relay(configuration)

        // The body of the INVITE goes in; what comes out goes on to the callee.
        let toCallee = try relay.offer(Offer(callID: "1@host", fromTag: "caller", sdp: inviteBody))

        // The body of the 200 goes in; what comes out goes back to the caller. From here on, packets are forwarded.
        let toCaller = try relay.answer(Answer(callID: "1@host", fromTag: "caller", toTag: "callee", sdp: okBody))

        if let report = relay.query(callID: "1@host") {
            print("\(report.sides.count) sides, \(report.totals.rtp.packets) RTP packets so far")
        }

        let ports = try [toCallee, toCaller].map { try audioPort(in: $0) }
        #expect(ports[0] != ports[1])
        for port in ports {
            #expect(configuration.ports.contains(port))
            #expect(port.isMultiple(of: 2), "RTP has the even port of a pair (RFC 3550 §11)")
        }
        let report = try #require(relay.query(callID: "1@host"))
        #expect(report.sides.map(\.tag) == ["caller", "callee"])
        // The callee is shown the port that it hears the caller from, and the other way round.
        #expect(report.sides.map { $0.media.first?.streams.first?.local.port } == [ports[1], ports[0]])
        #expect(report.sides.map { $0.media.first?.streams.first?.endpoint?.port } == [41_000, 41_002])
        #expect(report.tos == 184)
        #expect(relay.callCount == 1)

        // The BYE. Without a delay, the ports go on for `Timeouts.deleteDelay`.
        relay.delete(callID: "1@host", delay: .zero)
        #expect(relay.query(callID: "1@host") == nil)
        #expect(relay.callCount == 0)

        relay.stop()
        #expect(throws: RelayError.stopped) {
            try relay.offer(Offer(callID: "2@host", fromTag: "caller", sdp: inviteBody))
        }
    }

    @Test("the README shows the code that is tested here")
    func matchesTheReadme() throws {
        let here = URL(fileURLWithPath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let source = try String(contentsOf: here, encoding: .utf8)
        func lines(_ text: some StringProtocol) -> [String] {
            text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
        }

        let opening = try #require(readme.range(of: "```swift\nimport RelayCore\n"), "the example is gone")
        let closing = try #require(readme.range(of: "```\n", range: opening.upperBound..<readme.endIndex))
        let example = lines(readme[opening.upperBound..<closing.lowerBound])
        #expect(example.last == "relay.stop()")

        // Expectations stand between the lines here, so they are looked for one after the other.
        let start = try #require(source.range(of: "func example() throws {"))
        var tested = lines(source[start.upperBound...])[...]
        for line in example {
            guard let found = tested.firstIndex(of: line) else {
                Issue.record("not in the test, or in another order: \(line)")
                return
            }
            tested = tested[(found + 1)...]
        }
    }
}
