import RelayTestSupport
import Testing
import WireFormat

/// What happens to calls in a telephone network, with Kamailio between two telephones that the test plays message by
/// message. All calls run side by side on one relay.
@Suite(
    "Courses of calls through Kamailio",
    .enabled(if: Executables.missing(["kamailio"]).isEmpty, "needs kamailio: see scripts/test"))
struct KamailioScenarioTests {
    @Test(
        "hold and resume, fork, delayed offer, UPDATE, CANCEL, refusal, IPv4 to IPv6, video, fax: media flows, nothing stays",
        .timeLimit(.minutes(10)))
    func courses() async throws {
        try await withTestRun("courses-of-calls") { run in
            let scene = try await CallScene(in: run)
            let before = try await scene.relay.holdings()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, course) in CallScene.courses.enumerated() {
                    group.addTask { try await scene.play(course.name, number: UInt8(index), course.play) }
                }
                try await group.waitForAll()
            }
            _ = try await eventually("the relay has let go of everything") {
                try await scene.relay.holdings() == before ? true : nil
            }
        }
    }
}
