import Foundation
import RelayTestSupport
import Testing

/// The units in `samples/systemd` and in the README, as systemd reads them.
@Suite(
    "Sample units", .serialized, .enabled(if: RelayProcess.isOurOwn, "units of our own relay"),
    .enabled(if: Executables.missing(["systemd-analyze"]).isEmpty, "systemd-analyze is not installed"))
struct SampleUnitTests {
    /// Exposure, of 100, that systemd sees in a unit at most; without any precaution it is 96.
    private static let exposure = 50

    /// What the README shows as the relay's unit.
    private static let inReadme = "readme.service"

    private static func text(_ name: String) throws -> String {
        guard name == inReadme else { return try String(contentsOfFile: "samples/systemd/\(name)", encoding: .utf8) }
        let lines = try String(contentsOfFile: "README.md", encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "    [Unit]"))
        let end = try #require(lines[start...].firstIndex { !$0.isEmpty && !$0.hasPrefix("    ") })
        return lines[start..<end].map { $0.dropFirst(4) + "\n" }.joined()
    }

    /// A unit with programs that are there.
    private static func unit(_ name: String, in run: TestRun) throws -> String {
        let unit = run.path(of: name)
        try text(name)
            .replacing(/\/usr\/local\/bin\/[a-z]+/, with: RelayProcess.executable())
            .write(toFile: unit, atomically: true, encoding: .utf8)
        return unit
    }

    @Test(
        "systemd has nothing to object to", .timeLimit(.minutes(10)),
        arguments: ["relayd.service", "relay-tune.service", inReadme])
    func areValid(_ name: String) async throws {
        try await withTestRun("unit-\(name)") { run in
            let analysis = try run.start(
                Executables.require("systemd-analyze"), ["verify", "--man=no", Self.unit(name, in: run)],
                name: "analysis")
            #expect(try await analysis.exitStatus() == 0, "\(analysis.log)")
            #expect(!analysis.log.contains("\(name):"), "\(analysis.log)")
        }
    }

    @Test(
        "a relay that cannot start is tried again, and one that ends is let alone",
        arguments: ["relayd.service", inReadme])
    func goesOn(_ name: String) throws {
        let lines = try Self.text(name).split(separator: "\n")
        let service = try #require(lines.firstIndex(of: "[Service]"))
        // systemd gives up after five starts within ten seconds; a unit has this outside of [Service].
        #expect(lines[..<service].contains("StartLimitIntervalSec=0"))
        #expect(lines[service...].contains("RestartSec=1"))
        // The guard alone hears that it is to end, and tells the relay.
        #expect(lines[service...].contains("KillMode=mixed"))
    }

    @Test("the relay may do little that it does not have to", .timeLimit(.minutes(10)))
    func isConfined() async throws {
        try await withTestRun("unit-confined") { run in
            let analysis = try run.start(
                Executables.require("systemd-analyze"),
                [
                    "security", "--no-pager", "--offline=true", "--threshold=\(Self.exposure)",
                    Self.unit("relayd.service", in: run),
                ], name: "analysis")
            let status = try await analysis.exitStatus()
            // systemd 250 is the first one that can do this.
            guard !analysis.log.contains("unrecognized option") else {
                print("not looked at: this systemd-analyze knows no --offline")
                return
            }
            #expect(status == 0, "\(analysis.log)")
        }
    }
}
