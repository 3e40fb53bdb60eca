import Glibc
import RelayTestSupport
import Testing

/// `relayctl tune` on a host of its own: a pair of virtual interfaces with four queues each, whose files the kernel really has.
@Suite(
    "relayctl tune", .serialized, .enabled(if: RelayProcess.isOurOwn, "a client of our own relay"),
    .enabled(if: RelayHost.obstacle == nil && geteuid() == 0, "takes root, and network namespaces"))
struct TuneTests {
    /// Limits of the whole system and of the processors are covered by files of ours: they are not the test's to change.
    private static let preparation = """
        set -e
        mount -t sysfs none /sys
        mount -t tmpfs none /sys/module
        for limit in rmem_max wmem_max; do
            echo 212992 >"$folder/$limit"
            mount --bind "$folder/$limit" "/proc/sys/net/core/$limit"
        done

        """

    /// Runs a script on a host of its own, with `$tune` for the command and `$folder` for what it writes.
    private static func perform(_ script: String, options: [String] = [], in run: TestRun) async throws {
        let file = run.path(of: "relay.conf")
        let lines = ["[rtpengine]", "interface = 192.0.2.1", "num-threads = 4"] + options
        try Text.write(lines.joined(separator: "\n") + "\n", to: file)
        let tune =
            "\(try Executables.product("relayctl")) tune --config-file=\(file) --undo-file=\(run.path(of: "undo"))"
        let process = try run.start(
            "/usr/bin/env",
            [
                "folder=\(run.directory)", "tune=\(tune)", "unshare", "--net", "--mount", "sh", "-c",
                preparation + script,
            ],
            name: "script")
        #expect(try await process.exitStatus() == 0, "\(process.log)")
    }

    private static let script = """
        ip link add eth0 numtxqueues 4 numrxqueues 4 type veth peer name peer numtxqueues 4 numrxqueues 4
        ip address add 192.0.2.1/24 dev eth0
        ip link set eth0 up
        echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter
        echo 32768 60999 >/proc/sys/net/ipv4/ip_local_port_range
        state() {
            cat /sys/class/net/eth0/queues/rx-*/rps_cpus /sys/class/net/eth0/queues/tx-*/xps_cpus
            cat /proc/sys/net/ipv4/conf/eth0/rp_filter /proc/sys/net/ipv4/ip_local_reserved_ports
            cat /proc/sys/net/core/rmem_max
        }
        state >"$folder/before"
        $tune >"$folder/dry-run"
        state | cmp - "$folder/before"
        $tune --apply >"$folder/apply"
        state >"$folder/after"
        $tune --json >"$folder/again"
        sh "$folder/undo"
        state >"$folder/undone"
        """

    @Test(
        "what a dry run says is done by --apply, then there is nothing to do, and all of it can be taken back",
        .timeLimit(.minutes(10)))
    func applies() async throws {
        try await withTestRun("tune") { run in
            try await Self.perform(Self.script, options: ["port-min = 40000", "port-max = 40999"], in: run)
            func lines(_ name: String) throws -> [String] { try Text.lines(of: run.path(of: name)) }

            let dryRun = try lines("dry-run").filter { $0.hasPrefix("            # ") }.map { $0.dropFirst(14) }
            #expect(dryRun.count == 12, "\(dryRun)")
            let done = try lines("apply").filter { $0.hasPrefix("done     ") }.map { $0.dropFirst(9) }
            #expect(done == dryRun)
            #expect(try lines("again").joined().contains("\"commands\":[\"") == false)

            let (before, after) = (try lines("before"), try lines("after"))
            #expect(before.prefix(8).allSatisfy { $0.allSatisfy { "0,".contains($0) } })
            #expect(after.prefix(8).allSatisfy { $0.contains { !"0,".contains($0) } })
            #expect(after.suffix(3) == ["2", "40000-40999", "33554432"])
            #expect(try lines("undone") == before)
        }
    }

    private static let queueScript = """
        ip link add eth0 numtxqueues 4 numrxqueues 4 type veth peer name peer numtxqueues 2 numrxqueues 4
        ethtool -L eth0 rx 2 tx 3
        ip address add 192.0.2.1/24 dev eth0
        ip link set peer up
        ip link set eth0 up
        queues() { echo $(ls /sys/class/net/eth0/queues); }
        queues >"$folder/before"
        $tune --apply >"$folder/apply" || true
        queues >"$folder/after"
        # The way back of this alone: what is behind it speaks of queues that are gone then.
        grep -v '^echo' "$folder/undo" >"$folder/undo-queues"
        sh "$folder/undo-queues"
        queues >"$folder/undone"
        """

    @Test(
        "more queues that receive leave those that send as they are, and the way back waits for the link",
        .timeLimit(.minutes(10)), .enabled(if: Executables.missing(["ethtool"]).isEmpty, "ethtool is not installed"))
    func receiveQueues() async throws {
        try await withTestRun("tune-queues") { run in
            try await Self.perform(Self.queueScript, in: run)
            func queues(_ name: String) throws -> [String] { try Text.lines(of: run.path(of: name)) }
            #expect(try queues("before") == ["rx-0 rx-1 tx-0 tx-1 tx-2"])
            #expect(try queues("after") == ["rx-0 rx-1 rx-2 rx-3 tx-0 tx-1 tx-2"])
            #expect(try queues("undone") == ["rx-0 rx-1 tx-0 tx-1 tx-2"])
            #expect(try queues("apply").contains("done     ethtool -L eth0 rx 4"))
            #expect(try queues("undo-queues").contains("keep_link eth0 ethtool -L eth0 rx 2"))
        }
    }
}
