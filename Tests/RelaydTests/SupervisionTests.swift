import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// relayd under whatever starts it: a service manager, a container.
@Suite("Under a supervisor", .serialized, .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct SupervisionTests {
    private static let ping = "d7:command4:pinge"
    private static let pong = "d6:result4:ponge"

    /// Options of a relay, and a client for it.
    private static func setUp() throws -> (options: [String], client: NGClient) {
        let network = try LoopbackNetwork(portCount: 30)
        let first = network.ports.lowerBound
        let control = TransportAddress(network.host(1), port: first)
        let options = [
            "--config-file=none", "--foreground", "--log-stderr", "--log-level=7", "--num-threads=1",
            "--interface=\(network.host(1))", "--listen-ng=\(control)", "--port-min=\(first + 10)",
            "--port-max=\(first + 29)",
        ]
        return (options, NGClient(control))
    }

    private static func answers(_ client: NGClient, _ process: ChildProcess) async throws {
        _ = try await eventually("it answers; it says: \(process.lastLines)") {
            try? await client.send(ping) == pong ? true : nil
        }
    }

    @Test(
        "the service manager hears of readiness, life and the end",
        .timeLimit(.minutes(10)), .enabled(if: Executables.missing(["python3"]).isEmpty, "python3 is not installed"),
        arguments: ["", "@"])
    func notifies(_ prefix: String) async throws {
        try await withTestRun("notifies\(prefix.isEmpty ? "" : "-abstract")") { run in
            // A path of its own: 108 octets is the most that fits.
            let path = "/tmp/relayd-test-\(getpid())\(prefix.isEmpty ? "" : "-a")"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let listen = """
                import socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                s.bind(sys.argv[1].replace("@", chr(0)))
                print("bound", flush=True)
                while True: print(s.recv(4096).decode(), flush=True)
                """
            let manager = try run.start(
                Executables.require("python3"), ["-c", listen, prefix + path], name: "manager")
            func hears(_ word: String, times: Int = 1) async throws {
                _ = try await eventually("\(word): \(manager.lastLines)") {
                    manager.log.split(separator: "\n").count { $0 == word } >= times ? true : nil
                }
            }
            try await hears("bound")
            let (options, client) = try Self.setUp()
            let relay = try run.start(
                "/usr/bin/env",
                ["NOTIFY_SOCKET=\(prefix + path)", "WATCHDOG_USEC=200000", RelayProcess.executable()] + options,
                name: "relay")
            try await hears("READY=1")
            #expect(try await client.send(Self.ping) == Self.pong)
            // A relay that is killed is the guard's business; the manager hears the guard.
            for child in OpenSockets.children(of: relay.identifier) { kill(child, SIGKILL) }
            let before = manager.log.split(separator: "\n").count { $0 == "WATCHDOG=1" }
            try await hears("WATCHDOG=1", times: before + 3)
            try await Self.answers(client, relay)
            relay.signal(SIGTERM)
            #expect(try await relay.exitStatus() == 0)
            try await hears("STOPPING=1")
            #expect(manager.log.split(separator: "\n").count { $0 == "READY=1" } == 1)
        }
    }

    @Test(
        "as process 1 of a container it buries the dead and hears signals", .timeLimit(.minutes(10)),
        .enabled(if: RelayHost.obstacle == nil, "\(RelayHost.obstacle ?? "")"))
    func processOne() async throws {
        try await withTestRun("process-one") { run in
            let (options, client) = try Self.setUp()
            let container = try run.start(
                "/usr/bin/unshare",
                ["--pid", "--fork", "--kill-child", "--mount-proc", RelayProcess.executable()] + options,
                name: "container")
            try await Self.answers(client, container)
            let first = try #require(OpenSockets.children(of: container.identifier).first)
            let relay = try #require(OpenSockets.children(of: first).first)
            // A process that loses its parent becomes a child of process 1, and a zombie at its end unless that cares.
            let end = run.path(of: "end")
            _ = try run.start(
                "/usr/bin/nsenter",
                [
                    "--target", "\(first)", "--pid", "--mount", "sh", "-c",
                    "(until [ -e \(end) ]; do sleep 0.1; done) & exit 0",
                ], name: "enter")
            _ = try await eventually("the orphan is adopted") {
                OpenSockets.children(of: first).count > 1 ? true : nil
            }
            try Text.write("", to: end)
            _ = try await eventually("the orphan is buried") { OpenSockets.children(of: first) == [relay] ? true : nil }
            kill(relay, SIGKILL)
            try await Self.answers(client, container)
            kill(first, SIGTERM)
            #expect(try await container.exitStatus() == 0)
        }
    }

    @Test(
        "a full disk takes the pid file, not the relay", .timeLimit(.minutes(10)),
        .enabled(if: RelayHost.obstacle == nil, "\(RelayHost.obstacle ?? "")"))
    func diskIsFull() async throws {
        try await withTestRun("disk-is-full") { run in
            let (options, client) = try Self.setUp()
            let folder = run.path(of: "full")
            let script = """
                mkdir -p \(folder) && mount -t tmpfs -o size=4k none \(folder) && cat /dev/zero >\(folder)/zero
                exec "$@" 2>>\(folder)/log
                """
            let relay = try run.start(
                "/usr/bin/unshare",
                ["--mount", "sh", "-c", script, "sh", RelayProcess.executable()] + options
                    + ["--pidfile=\(folder)/relayd.pid"], name: "relay")
            try await Self.answers(client, relay)
            relay.signal(SIGTERM)
            #expect(try await relay.exitStatus() == 0)
        }
    }
}
