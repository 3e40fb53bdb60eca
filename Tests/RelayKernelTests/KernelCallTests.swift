import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// Calls through a relay on a host of its own, over veth, where senders leave checksums to hardware that is not there.
@Suite(
    "Calls in the kernel", .serialized,
    .enabled(if: TestNetwork.isPossible, Comment(rawValue: TestNetwork.obstacle ?? "")))
struct KernelCallTests {
    private func withRelay(
        _ name: String, _ number: UInt8, _ more: [String] = [],
        _ body: (TestHost, TestRun, RelayProcess) async throws -> Void
    ) async throws {
        try await withTestRun(name) { run in
            let host = try TestHost(number)
            defer { host.remove() }
            let options = try host.options(more)
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
}
