import Foundation
import RelayTestSupport
import Testing
import WireFormat

/// Two relays, and a Redis that can be read and takes nothing.
@Suite(
    "A Redis without room", .serialized,
    .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct FullStoreTests {
    @Test("takes away neither the backups nor anybody's readiness", .timeLimit(.minutes(10)))
    func keepsBackups() async throws {
        try await withTestRun("full-store") { run in
            let network = try LoopbackNetwork(portCount: 60)
            let (redis, first) = (network.host(100), network.ports.lowerBound)
            _ = try run.start(
                Executables.require("redis-server"),
                [
                    "--bind", "\(redis)", "--port", "\(first)", "--protected-mode", "no", "--save", "", "--dir",
                    run.directory,
                ], name: "redis")
            func start(_ name: String, _ number: UInt8, ports: ClosedRange<UInt16>, _ others: [String]) async throws {
                var options = RelayProcess.Options(
                    control: TransportAddress(network.host(number), port: first + 1), media: network.host(number),
                    mediaPorts: ports)
                options.others =
                    [
                        "--redis=\(redis):\(first)", "--node=\(name)",
                        "--listen-cli=\(redis):\(first + UInt16(number))",
                        "--announce=exec:echo $LEVEL >>\(run.path(of: name))-$ADDRESS",
                    ] + others
                _ = try await RelayProcess.start(options, in: run, name: name)
            }
            try await start("one", 1, ports: first + 4...first + 31, [])
            try await start("two", 2, ports: first + 32...first + 59, ["--backup-interface=\(network.host(1))"])

            /// What a relay has announced of the address of the first one.
            func levels(_ name: String) -> [Substring] {
                let text = try? String(contentsOfFile: run.path(of: "\(name)-\(network.host(1))"), encoding: .utf8)
                return text?.split(separator: "\n") ?? []
            }
            func areAnnounced() async throws {
                _ = try await eventually(
                    "home and backup, at the ends of \(levels("one")), \(levels("two"))"
                ) { levels("one").last == "home" && levels("two").last == "backup" ? true : nil }
            }
            func ask(_ number: UInt8, _ word: String) async throws -> (status: Int32, text: String) {
                let client = try run.start(
                    Executables.product("relayctl"), ["--address=\(redis):\(first + UInt16(number))", word], name: word)
                return (try await client.exitStatus(), client.log)
            }
            try await areAnnounced()

            let fault = try run.start(
                Executables.require("redis-cli"),
                ["-h", "\(redis)", "-p", "\(first)", "CONFIG", "SET", "maxmemory", "1"], name: "fault")
            #expect(try await fault.exitStatus() == 0 && fault.log.hasPrefix("OK"))
            for number: UInt8 in [1, 2] {
                // A backup that lacks something has waited for 3 s by then.
                _ = try await eventually(
                    "it has not been in step for a while", every: .milliseconds(100)
                ) {
                    let text = try await ask(number, "cluster").text
                    let seconds = text.firstMatch(of: /In step: +no, for (\d+) s/).flatMap { Int($0.1) } ?? 0
                    return seconds >= 4 ? true : nil
                }
            }
            try await areAnnounced()
            for number: UInt8 in [1, 2] {
                _ = try await eventually("it is ready", every: .milliseconds(100)) {
                    let (status, text) = try await ask(number, "ready")
                    return status == 0 && text.contains("or takes nothing") ? true : nil
                }
            }
        }
    }
}
