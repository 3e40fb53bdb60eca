import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// What the relay does so that its ports can share sockets.
@Suite("A port range that the kernel would give to others too")
struct PortReservationTests {
    private static let offer =
        "d7:command5:offer7:call-id1:18:from-tag1:a3:sdp84:v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
        + "t=0 0\r\nm=audio 9 RTP/AVP 8\r\ne"

    @Test(
        "is reserved, and then its ports need no sockets",
        .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"),
        .enabled(
            if: getuid() == 0 && RelayHost.obstacle == nil, "takes root: namespaces, BPF and net.ipv4 to write to"),
        .timeLimit(.minutes(10)))
    func reserves() async throws {
        try await withTestRun("reserves-ports") { run in
            let host = RelayHost(77, in: run)
            let relay = try await host.start(
                RelayProcess.executable(),
                [
                    "--config-file=none", "--foreground", "--log-stderr", "--log-level=6", "--num-threads=1",
                    "--interface=\(host.address)", "--listen-ng=\(host.address):2223", "--port-min=40000",
                    "--port-max=40003", "--table=-1",
                ], name: "relay")
            let control = TransportAddress(host.address, port: 2223)
            let eager = NGClient.eager(control)
            _ = try await eventually("the relay answers; it says: \(relay.lastLines)") {
                try? await eager.send("d7:command4:pinge") == "d6:result4:ponge" ? true : nil
            }
            _ = try await eventually("it says so") { relay.log.contains("reserved ports 40000-40003") ? true : nil }
            let reader = try run.start(
                Executables.require("nsenter"),
                [
                    "--target=\(relay.identifier)", "--net", "cat", "/proc/sys/net/ipv4/ip_local_reserved_ports",
                ], name: "reserved")
            #expect(try await reader.exitStatus() == 0)
            #expect(reader.log.split(separator: "\n") == ["40000-40003"])

            #expect(try await NGClient(control).send(Self.offer).contains("6:result2:ok"))
            let sockets = try String(contentsOfFile: "/proc/\(relay.identifier)/net/udp", encoding: .ascii)
            for port in 40_000...40_003 { #expect(!sockets.contains(":" + String(port, radix: 16).uppercased() + " ")) }
        }
    }
}
