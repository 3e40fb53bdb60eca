import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

extension KernelTests {
    /// Calls through a relay on a host of its own, over veth, where senders leave checksums to hardware that is not there.
    @Suite("Calls in the kernel")
    struct KernelCallTests {
        private func withRelay(
            _ name: String, _ number: UInt8, _ more: [String] = [],
            preparing: (TestHost, TestRun) async throws -> Void = { _, _ in },
            _ body: (TestHost, TestRun, RelayProcess) async throws -> Void
        ) async throws {
            try await withTestRun(name) { run in
                let host = try TestHost(number)
                defer { host.remove() }
                let options = try host.options(more)
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
        private func flush(_ options: RelayProcess.Options, _ run: TestRun) async throws {
            let command = try options.wrapper + [RelayProcess.executable()]
            let table = options.others.filter { $0.hasPrefix("--table") }
            let process = try run.start(
                command[0], command.dropFirst() + ["--config-file=none", "--log-stderr", "--flush-kernel"] + table,
                name: "flush")
            #expect(try await process.exitStatus(within: .seconds(5)) == 0, "\(process.lastLines)")
        }

        @Test(
            "both ways, every packet, IPv4, IPv6 and between them",
            .timeLimit(.minutes(1)),
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

        @Test("goes on while the daemon hangs, when it is killed, and under the next one", .timeLimit(.minutes(1)))
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
                _ = try await relay.process.exitStatus(within: .seconds(5))
                try await call.talk(packets: 50, from: 2000)
                let next = try await RelayProcess.start(relay.options, in: run, name: "next")
                try await call.talk(packets: 50, from: 3000)
                #expect(next.process.log.contains("found 2 kernel flows of an earlier process"))
                next.process.stop()
            }
        }

        @Test(
            "a killed daemon's successor has the call from Redis: nothing lost, counters go on, what is over is removed",
            .enabled(if: Executables.missing(["redis-server"]).isEmpty, "redis-server is not installed"),
            .timeLimit(.minutes(1)))
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
                            id, through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000 + UInt16(index)),
                            TransportAddress(host.phones(.ipv4), port: 6000 + UInt16(index))))
                }
                defer { for call in calls { call.close() } }
                for call in calls { try await call.settle() }
                try await calls[0].talk(packets: 20, from: 1000)
                // What is learned is written a moment later.
                _ = try await eventually("both calls are stored", every: .milliseconds(50)) {
                    try await relay.client.send("d7:command3:cli4:body7:clustere").contains("Unprotected calls: 0")
                        ? true : nil
                }
                relay.process.signal(SIGKILL)
                _ = try await relay.process.exitStatus(within: .seconds(5))
                try await calls[0].talk(packets: 20, from: 2000)
                let next = try await RelayProcess.start(relay.options, in: run, name: "next")
                try await calls[0].talk(packets: 20, from: 3000)
                let report = try await calls[0].query()
                let sent = calls[0].caller.datagrams.count { $0.source == calls[0].caller.local }
                #expect(report.contains("7:packetsi\(sent)e"), "\(sent) in \(report)")
                #expect(report.components(separatedBy: "10:kernelized").count - 1 >= 2, "\(report)")
                next.process.stop()
            }
        }

        @Test("XDP that loses frames is found out before a call relies on it", .timeLimit(.minutes(1)))
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
                #expect(relay.process.log.contains("it lost 16 frames"), "\(relay.process.log)")
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

        @Test("frames that get lost on the way out bring the calls back to user space", .timeLimit(.minutes(1)))
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
                    try await call.caller.send(long, to: call.callersPort)
                    return relay.process.log.contains("going on in user space") ? true : nil
                }
                #expect(relay.process.log.contains("on media2"), "\(relay.process.lastLines)")
                #expect(!(try await call.query()).contains("kernelized"))
            }
        }
    }
}
