import Foundation
import RelayTestSupport
import WireFormat

/// A host of its own for a relay: a network namespace, connected to the one that the test is in.
///
/// The test's side has 10.N.0.2 and fd00:N::2, the relay's side the same with 1 at the end.
struct TestHost {
    let name: String
    let number: UInt8

    private func address(_ host: UInt8, _ family: AddressFamily) -> IPAddress {
        family == .ipv4
            ? IPAddress(ipv4: 10 << 24 | UInt32(number) << 16 | UInt32(host))
            : IPAddress(ipv6High: 0xFD00_0000_0000_0000 | UInt64(number) << 32, low: UInt64(host))
    }

    func relay(_ family: AddressFamily) -> IPAddress { address(1, family) }
    func phones(_ family: AddressFamily) -> IPAddress { address(2, family) }

    /// - Parameter number: one that no other test uses.
    init(_ number: UInt8) throws {
        self.number = number
        name = "kernel-test-\(ProcessInfo.processInfo.processIdentifier)-\(number)"
        try Self.mountFileSystem()
        try TestNetwork.ip("netns add \(name)")
        try TestNetwork.ip("-n \(name) link set lo up")
        try connect()
    }

    /// Lays the link, which may have been there before.
    func connect() throws {
        try TestNetwork.ip(
            """
            link add kh\(number) type veth peer name media netns \(name)
            addr add \(phones(.ipv4))/24 dev kh\(number)
            addr add \(phones(.ipv6))/64 dev kh\(number) nodad
            link set kh\(number) up
            -n \(name) addr add \(relay(.ipv4))/24 dev media
            -n \(name) addr add \(relay(.ipv6))/64 dev media nodad
            -n \(name) link set media up
            """)
    }

    /// The BPF file system, which most systems mount at boot; the relay has not the privilege.
    static func mountFileSystem() throws {
        try Program.run(
            "/bin/sh", ["-c", "grep -q ' /sys/fs/bpf bpf ' /proc/self/mounts || mount -t bpf bpf /sys/fs/bpf"])
    }

    func remove() {
        _ = try? TestNetwork.ip("link del kh\(number)")
        _ = try? TestNetwork.ip("netns del \(name)")
    }

    /// Where a relay on this host keeps what is to outlive it. Nobody else uses the number.
    var table: Int { 40_000 + Int(ProcessInfo.processInfo.processIdentifier) % 100 * 200 + Int(number) }

    /// A relay that is to forward in the kernel. Nobody guards it: what is stopped and killed is the relay itself.
    func options(_ more: [String] = []) throws -> RelayProcess.Options {
        let control = TransportAddress(relay(.ipv4), port: 2223)
        var options = RelayProcess.Options(control: control, media: relay(.ipv4), mediaPorts: 30_000...30_999)
        // With the privileges that the manual asks for, and no others.
        options.wrapper = [
            try Executables.require("nsenter"), "--net=/run/netns/\(name)", try Executables.require("setpriv"),
            "--bounding-set=-all,+bpf,+net_admin,+net_raw", "--inh-caps=-all",
        ]
        options.tos = 184
        options.others =
            [
                "--interface=six/\(relay(.ipv6))", "--table=\(table)", "--no-fallback", "--timeout=60",
                "--no-guard",
            ] + more
        return options
    }
}
