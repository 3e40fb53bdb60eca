import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

@testable import RelayKernel

extension KernelTests {
    /// Calls through a relay on a host of its own, over veth, where senders leave checksums to hardware that is not there.
    @Suite("Calls in the kernel")
    struct KernelCallTests {
        func withRelay(
            _ name: String, _ number: UInt8, _ more: [String] = [], media: IPAddress? = nil,
            preparing: (TestHost, TestRun) async throws -> Void = { _, _ in },
            _ body: (TestHost, TestRun, RelayProcess) async throws -> Void
        ) async throws {
            try await withTestRun(name) { run in
                let host = try TestHost(number)
                defer { host.remove() }
                var options = try host.options(more)
                options.media = media ?? options.media
                try await preparing(host, run)
                let relay = try await RelayProcess.start(options, in: run)
                do { try await body(host, run, relay) } catch {
                    relay.process.stop()
                    try await flush(options, run)
                    throw error
                }
                relay.process.stop()
                try await flush(options, run)
                #expect(!FileManager.default.fileExists(atPath: "/sys/fs/bpf/relayd-\(host.table)"))
            }
        }

        /// Takes down what the relay has left in the kernel.
        func flush(_ options: RelayProcess.Options, _ run: TestRun) async throws {
            let command = try options.wrapper + [RelayProcess.executable()]
            let table = options.others.filter { $0.hasPrefix("--table") }
            let process = try run.start(
                command[0], command.dropFirst() + ["--config-file=none", "--log-stderr", "--flush-kernel"] + table,
                name: "flush")
            #expect(try await process.exitStatus() == 0, "\(process.lastLines)")
        }

        @Test(
            "both ways, every packet, IPv4, IPv6 and between them",
            .timeLimit(.minutes(10)),
            arguments: [(AddressFamily.ipv4, AddressFamily.ipv4, UInt8(11)), (.ipv6, .ipv6, 12), (.ipv4, .ipv6, 13)])
        func relays(_ caller: AddressFamily, _ callee: AddressFamily, _ number: UInt8) async throws {
            try await withRelay("kernel-relays-\(number)", number) { host, _, relay in
                let call = try await TestCall(
                    "relays@\(number)", through: relay.client, TransportAddress(host.phones(caller), port: 5000),
                    TransportAddress(host.phones(callee), port: 6000))
                defer { call.close() }
                try await call.settle()
                try await call.talk(packets: 100, from: 1000)
                let sent = call.caller.datagrams.count { $0.source == call.caller.local }
                let counted = try await call.query()
                #expect(counted.contains("7:packetsi\(sent)e"), "\(sent) in \(counted)")
            }
        }

        @Test("goes on while the daemon hangs, when it is killed, and under the next one", .timeLimit(.minutes(10)))
        func survives() async throws {
            try await withRelay("kernel-survives", 14) { host, run, relay in
                let call = try await TestCall(
                    "survives@14", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                relay.process.signal(SIGSTOP)
                try await call.talk(packets: 50, from: 1000)
                relay.process.signal(SIGKILL)
                _ = try await relay.process.exitStatus()
                try await call.talk(packets: 50, from: 2000)
                let next = try await RelayProcess.start(relay.options, in: run, name: "next")
                try await call.talk(packets: 50, from: 3000)
                #expect(next.process.log.contains("found 2 kernel flows of an earlier process"))
                next.process.stop()
            }
        }

        @Test("a daemon that cannot forward in the kernel takes down what the last one left", .timeLimit(.minutes(10)))
        func fallsBack() async throws {
            try await withRelay("kernel-falls-back", 24) { host, run, relay in
                let call = try await TestCall(
                    "falls-back@24", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                relay.process.signal(SIGKILL)
                _ = try await relay.process.exitStatus()
                try await call.talk(packets: 20, from: 1000)
                var options = relay.options
                options.others.removeAll { $0 == "--no-fallback" }
                let capabilities = try #require(options.wrapper.firstIndex { $0.contains("+bpf,") })
                options.wrapper[capabilities].replace("+bpf,", with: "")
                let next = try await RelayProcess.start(options, in: run, name: "next")
                #expect(next.process.log.contains("all packets go through user space"))
                #expect(next.process.log.contains("table \(host.table), is taken down"))
                #expect(!FileManager.default.fileExists(atPath: "/sys/fs/bpf/relayd-\(host.table)"))
                // What comes on the straight way comes after them.
                let before = call.callee.receivedCount
                for number in UInt16(0)..<20 {
                    try await call.caller.send(TestFrame.rtp(sequence: 3000 + number), to: call.callersPort)
                }
                try await call.caller.send(TestFrame.rtp(sequence: 4000), to: call.callee.local)
                _ = try await eventually("the last one arrives") { call.callee.receivedCount > before ? true : nil }
                #expect(call.callee.receivedCount == before + 1)
                next.process.stop()
            }
        }

        @Test(
            "a killed daemon's successor has the call from Redis: nothing lost, counters go on, what is over is removed",
            .enabled(if: Executables.missing(["redis-server"]).isEmpty, "redis-server is not installed"),
            .timeLimit(.minutes(10)))
        func restarts() async throws {
            func startRedis(_ host: TestHost, _ run: TestRun) async throws {
                let redis = try run.start(
                    Executables.require("redis-server"),
                    ["--bind", "\(host.phones(.ipv4))", "--port", "6390", "--protected-mode", "no", "--save", ""],
                    name: "redis")
                _ = try await eventually("Redis is ready") { redis.log.contains("Ready to accept") ? true : nil }
            }
            try await withRelay(
                "kernel-restarts", 15, ["--redis=10.15.0.2:6390", "--node=one"], preparing: startRedis
            ) { host, run, relay in
                var calls: [TestCall] = []
                for (index, id) in ["stays@15", "ends@15"].enumerated() {
                    calls.append(
                        try await TestCall(
                            id, through: relay.client,
                            TransportAddress(host.phones(.ipv4), port: 5000 + 2 * UInt16(index)),
                            TransportAddress(host.phones(.ipv4), port: 6000 + 2 * UInt16(index))))
                }
                defer { for call in calls { call.close() } }
                for call in calls { try await call.settle() }
                let reports = try await TestReports(calls[0])
                defer { reports.close() }
                try await reports.settle(inKernel: true)
                try await calls[0].talk(packets: 20, from: 1000)
                // What is learned is written a moment later.
                _ = try await eventually("both calls are stored", every: .milliseconds(50)) {
                    try await relay.client.send("d7:command3:cli4:body7:clustere").contains("Unprotected calls: 0")
                        ? true : nil
                }
                relay.process.signal(SIGKILL)
                _ = try await relay.process.exitStatus()
                try await calls[0].talk(packets: 20, from: 2000)
                let next = try await RelayProcess.start(relay.options, in: run, name: "next")
                try await calls[0].talk(packets: 20, from: 3000)
                let report = try await calls[0].query()
                let sent = calls[0].caller.datagrams.count { $0.source == calls[0].caller.local }
                #expect(report.contains("7:packetsi\(sent)e"), "\(sent) in \(report)")
                #expect(report.components(separatedBy: "10:kernelized").count - 1 >= 2, "\(report)")
                // RTCP goes through the kernel as before, and says something to this process, too.
                try await reports.exchange()
                _ = try await eventually("what RTCP says is known") {
                    let report = try await calls[0].query()
                    // The sequence numbers of this test jump, so the loss in all is not what the reports say of it.
                    return ["packet lossi10e", "packet lossi50e"].allSatisfy(report.contains) ? true : nil
                }
                #expect(try await calls[0].kernelizedCount() == 4)
                next.process.stop()
            }
        }

        @Test("XDP that loses frames is found out before a call relies on it", .timeLimit(.minutes(10)))
        func proof() async throws {
            // A veth whose other end has no XDP program takes frames from XDP and drops them without a word.
            try await withTestRun("kernel-proof") { run in
                let host = try TestHost(17)
                defer { host.remove() }
                var options = try host.options(["--kernel-attach=xdp"])
                // There is no other interface, so a relay that must not fall back does not start.
                let refusal = await #expect(throws: (any Error).self) {
                    _ = try await RelayProcess.start(options, in: run, name: "refused")
                }
                #expect("\(String(describing: refusal))".contains("attach the forwarding program to an interface"))
                options.others.removeAll { $0 == "--no-fallback" }
                let relay = try await RelayProcess.start(options, in: run)
                #expect(relay.process.log.contains("(XDP): it loses frames"), "\(relay.process.log)")
                let call = try await TestCall(
                    "proof@17", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.talk(packets: 50, from: 1000)
                #expect(!(try await call.query()).contains("kernelized"))
                relay.process.stop()
                try await flush(options, run)
            }
        }

        @Test("frames that get lost on the way out bring the calls back to user space", .timeLimit(.minutes(10)))
        func losses() async throws {
            try await withRelay("kernel-losses", 18) { host, _, relay in
                // The callee is behind another link, whose far end takes no frame of more than 68 octets.
                try TestNetwork.ip(
                    """
                    link add kx18 type veth peer name media2 netns \(host.name)
                    addr add 10.118.0.2/24 dev kx18
                    link set kx18 up
                    -n \(host.name) addr add 10.118.0.1/24 dev media2
                    -n \(host.name) link set media2 up
                    """)
                defer { _ = try? TestNetwork.ip("link del kx18") }
                let callee = TransportAddress(try #require(IPAddress("10.118.0.2")), port: 6000)
                let call = try await TestCall(
                    "losses@18", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000), callee)
                defer { call.close() }
                try await call.settle()
                try TestNetwork.ip("link set kx18 mtu 68")
                let long = TestFrame.rtp() + [UInt8](repeating: 0xD5, count: 160)
                _ = try await eventually("calls are back in user space", every: .milliseconds(5)) {
                    // Several at a time: on a busy machine there may be few times in a second.
                    for _ in 0..<5 { try await call.caller.send(long, to: call.callersPort) }
                    return relay.process.log.contains("going on in user space") ? true : nil
                }
                #expect(relay.process.log.contains("on media2"), "\(relay.process.lastLines)")
                // The caller's stream; the callee's goes out by an interface that loses nothing.
                _ = try await eventually("the caller's stream is said to be in user space") {
                    try await call.caller.send(long, to: call.callersPort)
                    return try await call.kernelizedCount() == 1 ? true : nil
                }
            }
        }

        @Test(
            "a hang costs nothing where the media address is on an interface that leads nowhere",
            .timeLimit(.minutes(10)))
        func announced() async throws {
            let address = try #require(IPAddress("198.51.100.19"))
            try await withRelay(
                "kernel-announced", 19, media: address,
                preparing: { host, _ in
                    try TestNetwork.ip(
                        """
                        -n \(host.name) link add relay0 type veth peer name lead0
                        -n \(host.name) addr add \(address)/32 dev relay0
                        -n \(host.name) link set relay0 up
                        -n \(host.name) link set lead0 up
                        route add \(address) via \(host.relay(.ipv4))
                        """)
                }
            ) { host, _, relay in
                let call = try await TestCall(
                    "announced@19", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                relay.process.signal(SIGSTOP)
                try await call.talk(packets: 50, from: 1000)
                relay.process.signal(SIGCONT)
            }
        }

        @Test("packets that come by an interface without the program are found, and it is put there")
        func widens() async throws {
            try await withRelay("kernel-widens", 20) { host, _, relay in
                // Another way to the same host, which the routes of that host do not know.
                try TestNetwork.ip(
                    """
                    link add kx20 type veth peer name media2 netns \(host.name)
                    addr add 10.120.0.2/24 dev kx20
                    link set kx20 up
                    -n \(host.name) addr add 10.120.0.1/24 dev media2
                    -n \(host.name) link set media2 up
                    route add \(host.relay(.ipv4))/32 via 10.120.0.1 dev kx20 src \(host.phones(.ipv4))
                    """)
                defer { _ = try? TestNetwork.ip("link del kx20") }
                let call = try await TestCall(
                    "widens@20", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                #expect(relay.process.log.contains("come by other interfaces than media:"))
                relay.process.signal(SIGSTOP)
                try await call.talk(packets: 50, from: 1000)
                relay.process.signal(SIGCONT)
            }
        }

        @Test("an interface that goes down and up again takes the program back", .timeLimit(.minutes(10)))
        func downAndUp() async throws {
            try await withRelay("kernel-down", 21) { host, _, relay in
                let call = try await TestCall(
                    "down@21", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                let attached = "kernel forwarding on media by"
                try TestNetwork.ip("-n \(host.name) link set media down")
                _ = try await eventually("the relay has seen it") {
                    relay.process.log.contains("no interface has the program") ? true : nil
                }
                try TestNetwork.ip("-n \(host.name) link set media up")
                _ = try await eventually("the program is back") {
                    relay.process.log.components(separatedBy: attached).count == 3 ? true : nil
                }
                try await call.settle()
                relay.process.signal(SIGSTOP)
                try await call.talk(packets: 50, from: 1000)
                relay.process.signal(SIGCONT)
            }
        }

        @Test("a neighbour that is forgotten, and one that is somewhere else now", .timeLimit(.minutes(10)))
        func neighbours() async throws {
            try await withRelay("kernel-neighbours", 22) { host, _, relay in
                let call = try await TestCall(
                    "neighbours@22", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                // Forgotten: the next packets go through user space, whose kernel asks.
                try TestNetwork.ip("-n \(host.name) neigh flush dev media")
                // The first one alone: what follows it in the kernel would overtake what still waits in user space.
                try await call.talk(packets: 1, from: 1000)
                try await call.talk(packets: 49, from: 1001)
                // Replaced, and nobody tells: what is stale is asked for, although no packet goes through user space.
                for (name, value) in [("base_reachable_time_ms", "500"), ("delay_first_probe_time", "1")] {
                    try TestNetwork.run(
                        "nsenter", "--net=/run/netns/\(host.name)", "sysctl", "-qw",
                        "net.ipv4.neigh.media.\(name)=\(value)")
                }
                // Our side would ask for the relay now and then, and show where it is by that.
                let words = try TestNetwork.ip("-n \(host.name) -o link show media").split(separator: " ")
                let hardware = words[try #require(words.firstIndex(of: "link/ether")) + 1]
                try TestNetwork.ip(
                    """
                    neigh replace \(host.relay(.ipv4)) lladdr \(hardware) nud permanent dev kh22
                    -n \(host.name) neigh replace \(host.phones(.ipv4)) lladdr 02:00:00:00:22:22 nud stale dev media
                    """)
                var sequence: UInt16 = 2000
                let before = call.callee.receivedCount
                _ = try await eventually(
                    "packets arrive again", every: .milliseconds(50)
                ) {
                    sequence += 1
                    try await call.caller.send(TestFrame.rtp(sequence: sequence), to: call.callersPort)
                    return call.callee.receivedCount > before + 5 ? true : nil
                }
            }
        }

        @Test("XDP whose frames begin to get lost brings the calls back to user space", .timeLimit(.minutes(10)))
        func lossesOfXDP() async throws {
            try await withTestRun("kernel-xdp-losses") { run in
                let host = try TestHost(23)
                defer { host.remove() }
                // XDP cannot finish checksums.
                try TestNetwork.run(try Executables.require("ethtool"), "-K", "kh23", "tx", "off")
                // A veth takes frames from XDP while its other end has a program.
                let table = try KernelTable(number: nil)
                let device = try #require(try NetworkDevice.all().first { $0.name == "kh23" })
                var peer: Descriptor? = try Attachment.unproved(on: device, of: table)
                let options = try host.options(["--kernel-attach=xdp"])
                let relay = try await RelayProcess.start(options, in: run)
                #expect(relay.process.log.contains("kernel forwarding on media by xdp"))
                let call = try await TestCall(
                    "xdp@23", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                    TransportAddress(host.phones(.ipv4), port: 6000))
                defer { call.close() }
                try await call.settle()
                try await call.talk(packets: 50, from: 1000)
                withExtendedLifetime(peer) {}
                peer = nil
                var sequence: UInt16 = 2000
                _ = try await eventually("the loss is noticed", every: .milliseconds(20)) {
                    for _ in 0..<5 {
                        sequence += 1
                        try await call.caller.send(TestFrame.rtp(sequence: sequence), to: call.callersPort)
                    }
                    return relay.process.log.contains("going on in user space") ? true : nil
                }
                let before = call.callee.receivedCount
                _ = try await eventually("packets arrive again", every: .milliseconds(20)) {
                    sequence += 1
                    try await call.caller.send(TestFrame.rtp(sequence: sequence), to: call.callersPort)
                    return call.callee.receivedCount > before + 5 ? true : nil
                }
                relay.process.stop()
                try await flush(options, run)
            }
        }
    }
}
