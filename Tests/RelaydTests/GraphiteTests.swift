import Foundation
import RelayTestSupport
import Testing
import WireFormat

@Suite("Numbers for graphite, from the daemon to a server")
struct GraphiteTests {
    /// Port offsets in the network of the test.
    private enum Port {
        static let (control, graphite, console, media): (UInt16, UInt16, UInt16, UInt16) = (0, 1, 2, 10)
    }

    @Test("Lines are what carbon reads, and go on when the server comes back", .timeLimit(.minutes(10)))
    func lines() async throws {
        try await withTestRun("graphite") { run in
            let network = try LoopbackNetwork(portCount: 40)
            func address(_ port: UInt16) -> TransportAddress {
                TransportAddress(network.host(1), port: network.ports.lowerBound + port)
            }
            var server = try await TextListener.open(at: address(Port.graphite))
            var options = RelayProcess.Options(
                control: address(Port.control), media: network.host(1),
                mediaPorts: network.ports.lowerBound + Port.media...network.ports.upperBound)
            options.others = ["--graphite=\(address(Port.graphite))", "--graphite-prefix=pbx."]
            let relay = try await RelayProcess.start(options, in: run)

            let text = try await Self.report(at: server)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ", omittingEmptySubsequences: false)
                #expect(words.count == 3 && words[0].hasPrefix("pbx."), "\(line)")
                #expect(Double(words.dropFirst().first ?? "") != nil, "\(line)")
                #expect(UInt64(words.last ?? "") != nil, "\(line)")
            }
            for name in ["offer_time_avg", "current_sessions_total", "relayed_packets", "timeout_sess"] {
                #expect(text.contains("\npbx.\(name) ") || text.hasPrefix("pbx.\(name) "), "\(name)")
            }

            try await server.close()
            _ = try await eventually("the relay notices") {
                relay.process.log.contains("the connection to graphite at") ? true : nil
            }
            server = try await TextListener.open(at: address(Port.graphite))
            _ = try await Self.report(at: server)
            try await server.close()
        }
    }

    @Test(
        "A server that is away is worth one line", .enabled(if: RelayProcess.isOurOwn, "the words of our own relay"),
        .timeLimit(.minutes(10)))
    func away() async throws {
        try await withTestRun("graphite-away") { run in
            let network = try LoopbackNetwork(portCount: 40)
            let host = network.host(1)
            let graphite = TransportAddress(host, port: network.ports.lowerBound + Port.graphite)
            let console = TransportAddress(host, port: network.ports.lowerBound + Port.console)
            let relay = try await RelayProcess.start(
                RelayProcess.Options(on: network, others: ["--graphite=\(graphite)", "--listen-cli=\(console)"]),
                in: run)
            func logs(_ text: String) async throws {
                _ = try await eventually("'\(text)'") { relay.process.log.contains(text) ? true : nil }
            }
            let refused = "graphite at \(graphite) cannot be reached"
            try await logs(refused)
            let first = try await Self.uptime(at: console)
            _ = try await eventually("three more reports are due", every: .milliseconds(100)) {
                try await Self.uptime(at: console) >= first + 4 ? true : nil
            }
            #expect(relay.process.log.ranges(of: refused).count == 1)

            let server = try await TextListener.open(at: graphite)
            try await logs("graphite at \(graphite) takes reports again")
            try await server.close()
            try await logs("the connection to graphite at \(graphite) is lost")
            #expect(!relay.process.log.contains("connected to graphite"))
        }
    }

    /// Seconds since the relay has started, by its own clock.
    private static func uptime(at console: TransportAddress) async throws -> Int {
        let connection = try await TextConnection.open(console)
        try await connection.send("list totals\n")
        let uptime = try #require(try await connection.everything().firstMatch(of: /Uptime of rtpengine *:(\d+)/))
        return try #require(Int(uptime.1))
    }

    /// All whole lines of at least one report.
    private static func report(at server: TextListener) async throws -> String {
        try await eventually("a report comes") {
            let text = server.received
            guard text.contains("current_sessions_total"), text.contains("timeout_sess"), text.hasSuffix("\n") else {
                return nil
            }
            return text
        }
    }
}
