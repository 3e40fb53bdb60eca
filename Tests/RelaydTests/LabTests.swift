import RelayTestSupport
import Testing

/// How the lab takes a fault that cannot be brought about.
@Suite("lab/run")
struct LabTests {
    @Test("what fails in one fault is told, cleared away, and does not end the others", .timeLimit(.minutes(10)))
    func attempts() async throws {
        try await withTestRun("lab-attempts") { run in
            let script = """
                set -euo pipefail
                source scripts/common.sh
                source lab/attempt.sh
                clear() { echo cleared; }
                good() { local text; text=$(false || true); [[ -z $text ]]; }
                command_fails() { echo begun; ls /nonexistent >/dev/null 2>&1; echo NEVER; }
                vain() { fail "waited in vain"; echo NEVER; }
                within() { local text; text=$(vain); echo NEVER; }
                behind() { vain & wait $!; echo NEVER; }
                unset_name() { echo "$nobody"; echo NEVER; }
                for fault in good command_fails vain within behind unset_name; do
                    attempt "$fault" 2>/dev/null
                    echo "$fault: $reason"
                done
                """
            let lab = try run.start("/usr/bin/env", ["bash", "-c", script], name: "lab")
            #expect(try await lab.exitStatus() == 0, "\(lab.log)")
            let lines = lab.log.split(separator: "\n")
            #expect(lines.count { $0 == "cleared" } == 6)
            #expect(!lab.log.contains("NEVER"))
            let reasons = lines.filter { $0.contains(": ") }
            try #require(reasons.count == 6, "\(lab.log)")
            #expect(reasons[0] == "good: ")
            #expect(reasons[1].hasPrefix("command_fails: failed: ls /nonexistent"))
            #expect(reasons[2...4].elementsEqual(["vain", "within", "behind"].map { "\($0): waited in vain" }))
            #expect(reasons[5] == "unset_name: ended with status 1")
        }
    }

    @Test("a fault that there is not is refused before anything is built up", .timeLimit(.minutes(10)))
    func unknownFault() async throws {
        try await withTestRun("lab-unknown-fault") { run in
            let lab = try run.start("/usr/bin/env", ["lab/run", "--fault=flood"], name: "lab")
            #expect(try await lab.exitStatus() == 1)
            #expect(lab.log.contains("no fault 'flood'"))
        }
    }
}
