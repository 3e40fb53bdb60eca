import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// What somebody who is called at night finds when a relay cannot start.
@Suite("A start that fails", .serialized, .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct FailedStartTests {
    /// Takes lines as syslog does, at the path that it is told.
    private static let listener = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(sys.argv[1])
        print("bound", flush=True)
        while True: print(s.recv(4096).decode(), flush=True)
        """

    /// Runs a command with a /dev that has little more than that socket.
    private static let script = """
        set -e
        socket=$1 dev=$2
        shift 2
        mkdir -p "$dev"
        mount -t tmpfs none "$dev"
        for device in null zero random urandom; do
            touch "$dev/$device"
            mount --bind "/dev/$device" "$dev/$device"
        done
        touch "$dev/log"
        mount --bind "$socket" "$dev/log"
        mount --rbind "$dev" /dev
        exec "$@"
        """

    @Test(
        "of a relay that its guard starts again says why in the log", .timeLimit(.minutes(10)),
        .enabled(if: Executables.missing(["python3"]).isEmpty, "python3 is not installed"),
        .enabled(if: RelayHost.obstacle == nil && geteuid() == 0, "takes root, and namespaces"))
    func tellsSyslog() async throws {
        try await withTestRun("failed-start-syslog") { run in
            // A path of its own: 108 octets is the most that fits.
            let socket = "/tmp/relayd-test-log-\(getpid())"
            defer { try? FileManager.default.removeItem(atPath: socket) }
            let syslog = try run.start(
                Executables.require("python3"), ["-c", Self.listener, socket], name: "syslog")
            func logs(_ text: String, times: Int = 1) async throws {
                _ = try await eventually("'\(text)' in \(syslog.lastLines)") {
                    syslog.log.ranges(of: text).count >= times ? true : nil
                }
            }
            try await logs("bound")
            let network = try LoopbackNetwork(portCount: 30)
            let (host, first) = (network.host(1), network.ports.lowerBound)
            let console = TransportAddress(host, port: first + 1)
            let relay = try run.start(
                "/usr/bin/unshare",
                [
                    "--mount", "sh", "-c", Self.script, "sh", socket, run.path(of: "dev"), RelayProcess.executable(),
                    "--config-file=none", "--foreground", "--interface=\(host)", "--listen-ng=\(host):\(first)",
                    "--listen-cli=\(console)", "--port-min=\(first + 10)", "--port-max=\(first + 29)",
                    "--num-threads=1",
                ], name: "relay")
            try await logs("is ready: NG on")
            let child = try #require(OpenSockets.children(of: relay.identifier).first)
            // A guard that is stopped starts no other one before somebody has taken the port.
            relay.signal(SIGSTOP)
            kill(child, SIGKILL)
            _ = try await eventually("the relay is gone") { OpenSockets.areClosed(by: child) ? true : nil }
            let server = try await TextListener.open(at: console)
            relay.signal(SIGCONT)
            try await logs("CRIT: [core] listen on TCP \(console): Address already in use")
            try await server.close()
            try await logs("is ready: NG on", times: 2)
            relay.signal(SIGTERM)
            #expect(try await relay.exitStatus() == 0)
        }
    }

    @Test(
        "a file in a folder that may not be entered is not a missing one", .timeLimit(.minutes(10)),
        arguments: ["relayd", "relayctl"])
    func closedFolder(_ program: String) async throws {
        try await withTestRun("closed-folder-\(program)") { run in
            let folder = run.path(of: "closed")
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o000])
            // Root enters everything, unless it may not.
            let wrapper = geteuid() == 0 ? ["setpriv", "--bounding-set=-all"] : ["env"]
            let process = try run.start(
                Executables.require(wrapper[0]),
                wrapper.dropFirst() + [
                    Executables.product(program), "--config-file=\(folder)/relay.conf",
                    program == "relayd" ? "--foreground" : "ping",
                ], name: program)
            #expect(try await process.exitStatus() != 0)
            #expect(process.log.contains("/closed/relay.conf' cannot be read: "), "\(process.log)")
            #expect(process.log.contains("Permission denied"), "\(process.log)")
        }
    }
}
