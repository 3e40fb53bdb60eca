import Foundation
import RelayTestSupport
import Testing

/// The units in `samples/systemd`, as systemd reads them.
@Suite(
    "Sample units", .serialized, .enabled(if: RelayProcess.isOurOwn, "units of our own relay"),
    .enabled(if: Executables.missing(["systemd-analyze"]).isEmpty, "systemd-analyze is not installed"))
struct SampleUnitTests {
    /// Exposure, of 100, that systemd sees in a unit at most; without any precaution it is 96.
    private static let exposure = 50

    /// A unit with programs that are there.
    private static func unit(_ name: String, in run: TestRun) throws -> String {
        let unit = run.path(of: name)
        try String(contentsOfFile: "samples/systemd/\(name)", encoding: .utf8)
            .replacing(/\/usr\/local\/bin\/[a-z]+/, with: RelayProcess.executable())
            .write(toFile: unit, atomically: true, encoding: .utf8)
        return unit
    }

    @Test(
        "systemd has nothing to object to", .timeLimit(.minutes(1)),
        arguments: ["relayd.service", "relay-tune.service"])
    func areValid(_ name: String) async throws {
        try await withTestRun("unit-\(name)") { run in
            let analysis = try run.start(
                Executables.require("systemd-analyze"), ["verify", "--man=no", Self.unit(name, in: run)],
                name: "analysis")
            #expect(try await analysis.exitStatus(within: .seconds(20)) == 0, "\(analysis.log)")
            #expect(!analysis.log.contains("\(name):"), "\(analysis.log)")
        }
    }

    @Test("the relay may do little that it does not have to", .timeLimit(.minutes(1)))
    func isConfined() async throws {
        try await withTestRun("unit-confined") { run in
            let analysis = try run.start(
                Executables.require("systemd-analyze"),
                [
                    "security", "--no-pager", "--offline=true", "--threshold=\(Self.exposure)",
                    Self.unit("relayd.service", in: run),
                ], name: "analysis")
            let status = try await analysis.exitStatus(within: .seconds(20))
            // systemd 250 is the first one that can do this.
            guard !analysis.log.contains("unrecognized option") else {
                print("not looked at: this systemd-analyze knows no --offline")
                return
            }
            #expect(status == 0, "\(analysis.log)")
        }
    }
}
