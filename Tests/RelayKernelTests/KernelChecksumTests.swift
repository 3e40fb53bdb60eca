import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// UDP checksums that senders leave to their hardware.
extension KernelTests.KernelCallTests {
    @Test(
        "checksums are right whoever completes them, and when a sender changes its mind",
        .timeLimit(.minutes(10)), arguments: [(UInt8(30), UInt32(2)), (31, 3)])
    func checksums(_ number: UInt8, _ callee: UInt32) async throws {
        // Where the addresses change nothing of the sum, and where they do.
        let other = IPAddress(ipv4: 10 << 24 | UInt32(number) << 16 | callee)
        let ethtool = try Executables.require("ethtool")
        try await withRelay(
            "kernel-sums-\(number)", number,
            preparing: { host, _ in
                if other != host.phones(.ipv4) { try TestNetwork.ip("addr add \(other)/24 dev kh\(number)") }
                // What the relay sends is completed on the way out, so that receivers look at it.
                try TestNetwork.run("nsenter", "--net=/run/netns/\(host.name)", ethtool, "-K", "media", "tx", "off")
            }
        ) { host, _, relay in
            let call = try await TestCall(
                "sums@\(number)", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                TransportAddress(other, port: 6000))
            defer { call.close() }
            try await call.settle()
            relay.process.signal(SIGSTOP)
            defer { relay.process.signal(SIGCONT) }
            for (round, state) in ["on", "off", "on"].enumerated() {
                try TestNetwork.run(ethtool, "-K", "kh\(number)", "tx", state)
                try await call.talk(packets: 100, from: 1000 + 100 * UInt16(round))
            }
        }
    }
}
