import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// Where the relay takes commands when an option names no address.
@Suite("Listeners of both families", .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct ListenerTests {
    private static let ping = "d7:command4:pinge"
    private static let pong = "d6:result4:ponge"
    private static let loopback = ["127.0.0.1", "::1"].compactMap { IPAddress($0) }

    /// This machine has IPv6.
    private static let hasIPv6 =
        (try? String(contentsOfFile: "/proc/sys/net/ipv6/conf/lo/disable_ipv6", encoding: .utf8))?.first == "0"

    /// Runs a command to which the kernel denies IPv6, as one that was built without, or `RestrictAddressFamilies` of systemd:
    /// socket(AF_INET6, …) fails with EAFNOSUPPORT (seccomp(2)).
    private static let withoutIPv6 = """
        import ctypes, os, platform, struct, sys
        call = {"x86_64": 41, "aarch64": 198}[platform.machine()]
        code = [(0x20, 0, 0, 0), (0x15, 0, 3, call), (0x20, 0, 0, 16), (0x15, 0, 1, 10), (0x06, 0, 0, 0x50000 | 97),
                (0x06, 0, 0, 0x7fff0000)]
        filter = b"".join(struct.pack("HBBI", *step) for step in code)
        text = ctypes.create_string_buffer(filter)
        program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(text))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
        os.execvp(sys.argv[1], sys.argv[1:])
        """

    private static func options(_ others: (UInt16) -> [String]) throws -> (RelayProcess.Options, UInt16) {
        let network = try LoopbackNetwork(portCount: 30)
        let first = network.ports.lowerBound + 1
        return (RelayProcess.Options(on: network, others: others(first)), first)
    }

    private static func asksConsole(at address: TransportAddress) async throws {
        let connection = try await TextConnection.open(address)
        try await connection.send("ping\n")
        #expect(try await connection.everything() == "pong\n")
    }

    @Test(
        "a bare port is one of IPv4 and IPv6", .enabled(if: hasIPv6, "there is no IPv6 here"), .timeLimit(.minutes(10)),
        arguments: [[], ["--no-guard"]])
    func barePort(_ others: [String]) async throws {
        try await withTestRun("bare-port\(others.joined())") { run in
            let (options, first) = try Self.options { ["--listen-ng=\($0)", "--listen-cli=\($0)"] + others }
            _ = try await RelayProcess.start(options, in: run)
            for address in Self.loopback {
                let local = TransportAddress(address, port: first)
                #expect(try await NGClient(local).send(Self.ping) == Self.pong)
                try await Self.asksConsole(at: local)
            }
        }
    }

    @Test(
        "what names and bare ports stand for need not all be there", .timeLimit(.minutes(10)),
        .enabled(if: Executables.missing(["python3"]).isEmpty, "python3 is not installed"),
        arguments: [[], ["--no-guard"]])
    func noIPv6(_ others: [String]) async throws {
        try await withTestRun("no-ipv6\(others.joined())") { run in
            var (options, first) = try Self.options {
                ["--listen-ng=\($0)", "--listen-cli=\($0)", "--listen-cli=localhost:\($0 + 1)"] + others
            }
            options.wrapper = ["python3", "-c", Self.withoutIPv6]
            let relay = try await RelayProcess.start(options, in: run)
            #expect(relay.process.log.contains("no commands are taken at [::]:\(first)"))
            let local = TransportAddress(Self.loopback[0], port: first)
            #expect(try await NGClient(local).send(Self.ping) == Self.pong)
            try await Self.asksConsole(at: local)
            try await Self.asksConsole(at: local.with(port: first + 1))

            // Who has named an address is told that it is not there.
            let process = try run.start(
                "python3",
                try ["-c", Self.withoutIPv6, RelayProcess.executable(), "--config-file=none", "--foreground"]
                    + ["--log-stderr", "--listen-ng=[::1]:\(first + 2)"] + others, name: "refused")
            #expect(try await process.exitStatus() == 2)
            #expect(process.log.contains("bind [::1]:\(first + 2): Address family not supported"), "\(process.log)")
        }
    }
}
