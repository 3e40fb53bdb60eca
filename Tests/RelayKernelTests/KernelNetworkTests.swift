import CRelayKernel
import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

/// The network changes under calls, or is not as plain as elsewhere.
extension KernelTests.KernelCallTests {
    /// A call is in the kernel's hands: it goes on without the daemon, which is not needed any more.
    private func goesOnAlone(_ relay: RelayProcess, _ calls: TestCall..., from first: UInt16) async throws {
        // What the kernel has to ask for first has gone through user space.
        for call in calls {
            for index in 0..<3 as Range<UInt16> { try await call.talk(packets: 1, from: first + index) }
        }
        relay.process.signal(SIGSTOP)
        for call in calls { try await call.talk(packets: 50, from: first + 10) }
        relay.process.signal(SIGCONT)
    }

    /// Two links beside the plain one, on the same wire: VLANs, or where the kernel has none (`CONFIG_VLAN_8021Q`) macvlans,
    /// which are carried by another interface, too.
    private func stack(_ tags: [Int], on host: TestHost) throws {
        let link = "kh\(host.number)"
        let hasVLANs = (try? TestNetwork.ip("link add link \(link) name kx-probe type vlan id 9")) != nil
        if hasVLANs { try TestNetwork.ip("link del kx-probe") }
        // Each interface answers for its own addresses only.
        try TestNetwork.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1")
        try TestNetwork.run(
            "nsenter", "--net=/run/netns/\(host.name)", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1")
        for tag in tags {
            let kind = hasVLANs ? "vlan id \(tag)" : "macvlan mode bridge"
            // The relay's only address is on the plain link; telephones reach it through their own.
            try TestNetwork.ip(
                """
                link add link \(link) name \(link).\(tag) type \(kind)
                addr add 10.\(host.number).\(tag).2/24 dev \(link).\(tag)
                link set \(link).\(tag) up
                -n \(host.name) link add link media name media.\(tag) type \(kind)
                -n \(host.name) addr add 10.\(host.number).\(tag).1/24 dev media.\(tag)
                -n \(host.name) link set media.\(tag) up
                route add \(host.relay(.ipv4)) via 10.\(host.number).\(tag).1 dev \(link).\(tag) table \(26_000 + tag)
                rule add from 10.\(host.number).\(tag).2 lookup \(26_000 + tag)
                """)
        }
    }

    @Test("VLANs: in by one, out by another, and out without any", .timeLimit(.minutes(10)))
    func vlans() async throws {
        let tags = [100, 200]
        let interfaces = ["media"] + tags.map { "media.\($0)" }
        try await withRelay(
            "kernel-vlans", 26, interfaces.map { "--kernel-interface=\($0)" },
            preparing: { host, _ in try stack(tags, on: host) }
        ) { host, _, relay in
            defer {
                for tag in tags { _ = try? TestNetwork.ip("rule del from 10.26.\(tag).2") }
                _ = try? TestNetwork.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0")
            }
            func phone(_ tag: Int, _ port: UInt16) throws -> TransportAddress {
                TransportAddress(try #require(IPAddress("10.26.\(tag).2")), port: port)
            }
            let between = try await TestCall(
                "between@26", through: relay.client, phone(100, 5000), phone(200, 6000))
            defer { between.close() }
            let outside = try await TestCall(
                "outside@26", through: relay.client, phone(100, 5002),
                TransportAddress(host.phones(.ipv4), port: 6002))
            defer { outside.close() }
            for call in [between, outside] { try await call.settle() }
            try await goesOnAlone(relay, between, outside, from: 1000)
        }
    }

    /// A router advertisement (RFC 4861 §4.2) to all on the link: here is a way to everywhere, for half an hour.
    private static let advertisement = """
        import socket, struct, sys
        link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        link.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0), ('ff02::1%' + sys.argv[1], 0))
        """

    @Test("the default route that a router has advertised stays when the relay starts", .timeLimit(.minutes(10)))
    func advertisedRoute() async throws {
        func advertised(_ host: TestHost) throws -> String {
            try TestNetwork.ip("-n \(host.name) -6 route show default proto ra")
        }
        try await withRelay(
            "kernel-advertised", 31,
            preparing: { host, _ in
                _ = try await eventually("the route", every: .milliseconds(100)) {
                    // Not before the link has its own address.
                    _ = try? TestNetwork.run("python3", "-c", Self.advertisement, "kh31")
                    return try advertised(host).isEmpty ? nil : true
                }
            }
        ) { host, _, _ in
            #expect(try !advertised(host).isEmpty)
            let listens = try sysctl("net.ipv6.conf.media.accept_ra", of: host)
            #expect(listens == "1")
        }
    }

    private func sysctl(_ setting: String, of host: TestHost) throws -> String {
        let text = try TestNetwork.run("nsenter", "--net=/run/netns/\(host.name)", "sysctl", "-n", setting)
        return text.filter { !$0.isWhitespace }
    }

    @Test("scripts that harden hosts switch forwarding off, on the loopback too: set again", .timeLimit(.minutes(10)))
    func forwardingOff() async throws {
        try await withRelay("kernel-hardened", 32) { host, _, relay in
            for setting in ["net.ipv6.conf.all.forwarding=0", "net.ipv4.ip_forward=1", "net.ipv4.ip_forward=0"] {
                try TestNetwork.run("nsenter", "--net=/run/netns/\(host.name)", "sysctl", "-qw", setting)
            }
            _ = try await eventually("both are set again") {
                let now = try ["ipv4", "ipv6"].map { try sysctl("net.\($0).conf.lo.forwarding", of: host) }
                return now == ["1", "1"] ? true : nil
            }
            _ = try await eventually("it says so") { relay.process.log.contains("set again") ? true : nil }
            #expect(try sysctl("net.ipv4.conf.media.forwarding", of: host) == "0")
        }
    }

    @Test("an address that leaves the interface and comes back", .timeLimit(.minutes(10)))
    func addressMoves() async throws {
        try await withRelay("kernel-address", 27) { host, _, relay in
            let call = try await TestCall(
                "address@27", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                TransportAddress(host.phones(.ipv4), port: 6000))
            defer { call.close() }
            try await call.settle()
            for round in 1...3 as ClosedRange<UInt16> {
                try TestNetwork.ip("-n \(host.name) addr del \(host.relay(.ipv4))/24 dev media")
                try TestNetwork.ip("-n \(host.name) addr add \(host.relay(.ipv4))/24 dev media")
                try await call.talk(packets: 1, from: 100 * round)
                try await call.settle()
            }
            try await goesOnAlone(relay, call, from: 1000)
        }
    }

    @Test("an interface that is deleted and made again", .timeLimit(.minutes(10)))
    func interfaceIsMadeAgain() async throws {
        try await withRelay("kernel-again", 28) { host, _, relay in
            let call = try await TestCall(
                "again@28", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                TransportAddress(host.phones(.ipv4), port: 6000))
            defer { call.close() }
            try await call.settle()
            try TestNetwork.ip("link del kh28")
            try host.connect()
            _ = try await eventually("the program is on the new one") {
                relay.process.log.components(separatedBy: "kernel forwarding on media by").count == 3 ? true : nil
            }
            try await call.settle()
            try await goesOnAlone(relay, call, from: 1000)
        }
    }

    /// A table in which everything is taken by flows of nobody, of which packets have just come.
    private func fill(_ number: Int) throws -> MappedArray<relay_place> {
        let table = try KernelTable(number: number, places: Int(RELAY_LEAST_PLACES.rawValue), layout: RELAY_LAYOUT)
        let now = SystemClock.monotonic
        for cell in 0..<table.places.count {
            let port = UInt16(10_000 + cell)
            let local = TransportAddress(IPAddress(ipv4: 0xC633_6401), port: port)
            var flow = KernelFlow(source: local, rtp: .init(from: local, to: local))
            flow.counters = UInt32(cell)
            #expect(table.flows.set(local, flow, at: now) == nil)
        }
        heard(table.places, at: now)
        return table.places
    }

    private func heard(_ places: MappedArray<relay_place>, at now: UInt64) {
        let cells = CellPool(places, used: [])
        for cell in 0..<UInt32(places.count) { cells.change(cell) { $0.last_rtp = now } }
    }

    @Test(
        "a call for which the table has no room goes on in user space, says so, and comes into the kernel later",
        .timeLimit(.minutes(10)))
    func full() async throws {
        try await withTestRun("kernel-full") { run in
            let host = try TestHost(29)
            defer { host.remove() }
            let options = try host.options()
            let places = try fill(host.table)
            let relay = try await RelayProcess.start(options, in: run)
            #expect(relay.process.log.contains("found 1024 kernel flows of an earlier process"))
            let call = try await TestCall(
                "full@29", through: relay.client, TransportAddress(host.phones(.ipv4), port: 5000),
                TransportAddress(host.phones(.ipv4), port: 6000))
            defer { call.close() }
            try await call.talk(packets: 20, from: 100)
            _ = try await eventually("the operator is told") {
                relay.process.log.contains("no room in the kernel for ") ? true : nil
            }
            #expect(relay.process.log.contains("(there is for 1024 ports): they stay in user space"))
            func status() async throws -> String { try await relay.client.send("d7:command3:cli4:body6:statuse") }
            _ = try await eventually("relayctl shows it") {
                try await status().contains("no room for 2 streams") ? true : nil
            }
            // However long all this has taken.
            heard(places, at: SystemClock.monotonic)
            try await call.talk(packets: 20, from: 200)
            #expect(try await call.kernelizedCount() == 0)
            // Whoever had the room has been silent for too long.
            heard(places, at: 1)
            try await call.settle()
            _ = try await eventually("relayctl has nothing to show") {
                try await status().contains("no room") ? nil : true
            }
            try await goesOnAlone(relay, call, from: 1000)
            relay.process.stop()
            try await flush(options, run)
        }
    }
}
