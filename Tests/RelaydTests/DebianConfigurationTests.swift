import RelayTestSupport
import Testing

/// The options of the file that Debian's rtpengine-daemon installs, and its unit's command line.
@Suite("A configuration file of Debian's rtpengine", .enabled(if: RelayProcess.isOurOwn, "options of our own relay"))
struct DebianConfigurationTests {
    private static let file = """
        [rtpengine]
        table = 0
        interface = any
        listen-ng = localhost:2223
        listen-http = localhost:2225
        listen-cli = localhost:2224
        timeout = 60
        silent-timeout = 3600
        tos = 184
        port-min = 30000
        port-max = 40000
        recording-dir = /var/spool/rtpengine
        recording-method = proc

        [rtpengine-testing]
        table = -1
        interface = 10.15.20.121
        listen-ng = 2223
        foreground = true
        log-stderr = true
        log-level = 7
        """

    /// A host of its own: two addresses that others can reach, and the ports that the file wants.
    private static let script = """
        set -e
        ip link set lo up
        ip link add eth0 type veth peer name eth1
        ip link set eth1 up
        ip address add 198.51.100.7/24 dev eth0
        ip address add 2001:db8::7/64 dev eth0 nodad
        ip link set eth0 up
        "$1" -f -E --no-log-timestamps --pidfile "$2/relay.pid" --config-file "$2/relay.conf" &
        trap 'kill $!; wait' EXIT
        for try in $(seq 2400); do
            rtpengine-ctl --config-file="$2/relay.conf" list interfaces >"$2/interfaces" 2>/dev/null && break
            sleep 0.05
        done
        cat "$2/interfaces"
        rtpengine-ctl --config-file="$2/relay.conf" params current
        """

    @Test("starts relayd unchanged, and rtpengine-ctl finds it by the same file", .timeLimit(.minutes(10)))
    func starts() async throws {
        try await withTestRun("debian-configuration") { run in
            try Text.write(Self.file, to: run.path(of: "relay.conf"))
            let unshare = try Executables.require("unshare")
            let probe = try run.start(unshare, ["--map-root-user", "--net", "true"], name: "probe")
            guard try await probe.exitStatus() == 0 else {
                return withKnownIssue("skipped: no network namespace of our own: \(probe.log)") {
                    Issue.record("cannot make a host of our own")
                }
            }
            let host = try run.start(
                unshare,
                [
                    "--map-root-user", "--net", "bash", "-c", Self.script, "bash", try RelayProcess.executable(),
                    run.directory,
                ],
                name: "host")
            let status = try await host.exitStatus()
            #expect(status == 0, "\(host.lastLines)")
            #expect(host.log.contains("Interface 'default' address '198.51.100.7' (IPv4)"), "\(host.lastLines)")
            #expect(host.log.contains("Interface 'default' address '2001:db8::7' (IPv6)"))
            #expect(!host.log.contains("Interface 'default' address '127.0.0.1'"))
            #expect(host.log.contains("listen-ng = 127.0.0.1:2223\n"))
            #expect(host.log.contains("tos = 184\n"))
            #expect(host.log.contains("option 'recording-method' has no effect yet"))
        }
    }
}
