import Foundation
import RelayTestSupport
import Testing
import WireFormat

@Suite("Numbers for graphite, from the daemon to a server")
struct GraphiteTests {
    /// Port offsets in the network of the test.
    private enum Port { static let (control, graphite, media): (UInt16, UInt16, UInt16) = (0, 1, 10) }

    @Test("Lines are what carbon reads, and go on when the server comes back", .timeLimit(.minutes(1)))
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

    /// All whole lines of at least one report.
    private static func report(at server: TextListener) async throws -> String {
        try await eventually("a report comes", within: .seconds(20)) {
            let text = server.received
            guard text.contains("current_sessions_total"), text.contains("timeout_sess"), text.hasSuffix("\n") else {
                return nil
            }
            return text
        }
    }
}
