import RelayTestSupport
import Testing
import WireFormat

/// How many descriptors the relay may have open.
@Suite("The limit of descriptors", .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct DescriptorLimitTests {
    /// A relay that a shell has started with a limit, as `ulimit` takes it; and its console.
    private static func start(
        _ limit: String, with others: [String] = [], in run: TestRun
    ) async throws -> (RelayProcess, TransportAddress) {
        let network = try LoopbackNetwork(portCount: 30)
        let console = TransportAddress(network.host(1), port: network.ports.lowerBound + 1)
        var options = RelayProcess.Options(on: network, others: ["--listen-cli=\(console)"] + others)
        options.wrapper = ["/bin/sh", "-c", "ulimit \(limit) && exec \"$@\"", "sh"]
        return (try await RelayProcess.start(options, in: run), console)
    }

    @Test("is what the system allows at most, whatever it gives unasked", .timeLimit(.minutes(10)))
    func isRaised() async throws {
        try await withTestRun("descriptors-raised") { run in
            let (_, console) = try await Self.start("-S -n 256", in: run)
            let (status, hard) = try Program.run("/bin/sh", ["-c", "ulimit -H -n"])
            try #require(status == 0 && hard != "256\n")
            let client = try run.start(
                Executables.product("relayctl"), ["--console=\(console)", "list", "maxopenfiles"], name: "limit")
            #expect(try await client.exitStatus() == 0)
            #expect(client.log.contains(": \(hard.dropLast()); "), "\(client.log)")
        }
    }

    @Test("is told at the start when it is too low for all calls", .timeLimit(.minutes(10)))
    func isTooLow() async throws {
        try await withTestRun("descriptors-too-low") { run in
            let options = ["--port-sockets=each", "--max-sessions=65"]
            let (relay, _) = try await Self.start("-n 256", with: options, in: run)
            #expect(relay.process.log.contains("65 calls (max-sessions) take 260 descriptors, and we may open 256"))
        }
        try await withTestRun("descriptors-enough") { run in
            let options = ["--port-sockets=each", "--max-sessions=64"]
            let (relay, _) = try await Self.start("-n 256", with: options, in: run)
            #expect(!relay.process.log.contains("(max-sessions)"))
        }
    }
}
