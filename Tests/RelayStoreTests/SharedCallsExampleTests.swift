import Foundation
import RelayTestSupport
import Testing
import WireFormat

/// The README's program of relays that share their calls, built without what only this package may use, and run.
@Suite("Sharing calls from another program", .serialized, .timeLimit(.minutes(10)))
struct SharedCallsExampleTests {
    private static func run(_ arguments: [String], in run: TestRun) async throws -> String {
        let program = try run.start(Executables.product("shared-calls-example"), arguments, name: "example")
        #expect(try await program.exitStatus() == 0, "\(program.log)")
        // Between the lines of the log.
        return program.log.split(separator: "\n").filter { $0.hasPrefix("calls of others") }.map { "\($0)\n" }.joined()
    }

    private static let output = "calls of others: 1\ncalls of others: 0\n"

    @Test("with a store in memory")
    func memory() async throws {
        try await withTestRun("example-memory") { run in
            let output = try await Self.run([], in: run)
            #expect(output == Self.output)
        }
    }

    @Test(
        "with Redis, which has nothing of the call in the end",
        .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
    func redis() async throws {
        try await withTestRun("example-redis") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let redis = try await RedisServer.start(
                at: TransportAddress(network.host(100), port: network.ports.lowerBound), in: run)
            let output = try await Self.run(["\(redis.address)/3"], in: run)
            #expect(output == Self.output)
            // An ending, which is kept for a while.
            let record = try await redis.command("-n", "3", "GET", "relay:call:1@host")
            #expect(record.hasPrefix("relay/1 ") && record.contains(" F\n"))
        }
    }

    @Test("the README shows the program that is tested here")
    func readme() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        func text(_ path: String) throws -> String {
            try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        }
        let program = try text("Examples/SharedCalls/main.swift")
        #expect(try text("README.md").contains("```swift\n\(program)```\n"))
    }
}
