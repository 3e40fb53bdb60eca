import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// Nobody reads what the relay and its guard write to standard error.
@Suite("A log that is stuck", .serialized, .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct StuckLogTests {
    private static let ping = "d7:command4:pinge"
    private static let pong = "d6:result4:ponge"

    /// A relay whose standard error is a pipe; and our end of the pipe, which we need not read.
    private static func start(in run: TestRun) async throws -> (ChildProcess, TransportAddress, pipe: FileHandle) {
        let network = try LoopbackNetwork(portCount: 30)
        let control = TransportAddress(network.host(1), port: network.ports.lowerBound)
        let path = run.path(of: "pipe")
        let make = try run.start(Executables.require("mkfifo"), [path], name: "mkfifo")
        #expect(try await make.exitStatus() == 0)
        let pipe = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let relay = try run.start(
            "/bin/sh",
            [
                "-c", "exec \"$@\" 2>\(path)", "sh", RelayProcess.executable(), "--config-file=none", "--foreground",
                "--log-stderr", "--log-level=7", "--interface=\(network.host(1))", "--listen-ng=\(control)",
                "--port-min=\(control.port + 10)", "--port-max=\(control.port + 29)", "--num-threads=1",
            ], name: "relay")
        // Before that it answers, too, but its guard would take its end for a start that fails.
        read(pipe, until: "is ready: NG on")
        try await answers(relay, control)
        return (relay, control, pipe)
    }

    /// Returns when the text has been read; the test's time limit says how long that may take.
    private static func read(_ pipe: FileHandle, until text: String) {
        var log = ""
        while !log.contains(text) { log += String(decoding: pipe.availableData, as: UTF8.self) }
    }

    private static func answers(_ relay: ChildProcess, _ control: TransportAddress) async throws {
        let eager = NGClient.eager(control)
        _ = try await eventually("it answers") { try? await eager.send(ping) == pong ? true : nil }
        #expect(relay.isRunning)
    }

    /// Kills the relay, and waits until its guard has started another one that answers.
    private static func killAndWait(_ relay: ChildProcess, _ control: TransportAddress) async throws {
        let child = try await eventually("the guard has a child") {
            OpenSockets.children(of: relay.identifier).first
        }
        kill(child, SIGKILL)
        _ = try await eventually("the guard has another child") {
            OpenSockets.children(of: relay.identifier).contains { $0 != child } ? true : nil
        }
        try await answers(relay, control)
    }

    @Test("keeps neither commands nor the guard from their work", .timeLimit(.minutes(10)))
    func full() async throws {
        try await withTestRun("stuck-log-full") { run in
            let (relay, control, pipe) = try await Self.start(in: run)
            defer { try? pipe.close() }
            let child = OpenSockets.children(of: relay.identifier)
            // Each of these is worth a line. The pipe takes 64 KiB, and nobody reads.
            let client = NGClient(control)
            for number in 0..<300 {
                let id = "\(number)-" + String(repeating: "x", count: 400)
                let answer = try await client.send("d7:command6:delete7:call-id\(id.utf8.count):\(id)8:from-tag1:fe")
                #expect(answer.contains("result"))
            }
            #expect(OpenSockets.children(of: relay.identifier) == child, "it was not started again to answer them")
            // What its guard has to say fits in no better.
            try await Self.killAndWait(relay, control)
            try await Self.killAndWait(relay, control)
            // Once somebody reads, it goes on where it was.
            Self.read(pipe, until: "Received command 'delete'")
            relay.signal(SIGTERM)
            let status = try await relay.exitStatus()
            #expect(status == 0)
        }
    }

    @Test("that nobody can read any more ends neither the relay nor the guard", .timeLimit(.minutes(10)))
    func closed() async throws {
        try await withTestRun("stuck-log-closed") { run in
            let (relay, control, pipe) = try await Self.start(in: run)
            try pipe.close()
            try await Self.killAndWait(relay, control)
            try await Self.killAndWait(relay, control)
            relay.signal(SIGTERM)
            let status = try await relay.exitStatus()
            #expect(status == 0)
        }
    }
}
