import CRelayKernel
import Testing
import WireFormat
import RelayTestSupport

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// How long a flow keeps its way out.
    @Suite("Ways out")
    struct RouteTests {
        private func withBench(_ body: (ProgramTests.Bench) async throws -> Void) async throws {
            let network = try TestNetwork("kt-route")
            defer { network.remove() }
            try await body(try ProgramTests.Bench(network))
        }

        private func moveNeighbour(_ last: UInt8) throws {
            try TestNetwork.ip("neigh replace 192.0.2.10 lladdr 02:00:00:00:00:\(String(last, radix: 16)) dev kt-route")
        }

        private func nextHop(_ bench: ProgramTests.Bench, _ attachment: ProgramTests.Attachment) throws -> UInt8? {
            TestFrame(try bench.run(ProgramTests.frame().octets, attachment).packet)?.destination.last
        }

        /// A packet has gone to a neighbour, who is at 0x1A since.
        private func withMovedNeighbour(
            _ attachment: ProgramTests.Attachment, _ body: (ProgramTests.Bench) async throws -> Void
        ) async throws {
            try await withBench { bench in
                try bench.install()
                #expect(try nextHop(bench, attachment) == 0x0A)
                try moveNeighbour(0x1A)
                try await body(bench)
            }
        }

        @Test("a neighbour that has moved is found with the next packet", arguments: ProgramTests.Attachment.allCases)
        func renewed(_ attachment: ProgramTests.Attachment) async throws {
            try await withMovedNeighbour(attachment) { bench in
                bench.table.renewRoutes()
                let next = try nextHop(bench, attachment)
                #expect(next == 0x1A)
            }
        }

        @Test("and soon without anybody who tells the program", arguments: ProgramTests.Attachment.allCases)
        func expires(_ attachment: ProgramTests.Attachment) async throws {
            try await withMovedNeighbour(attachment) { bench in
                _ = try await eventually("the packet goes to the new neighbour", every: .milliseconds(5)) {
                    try nextHop(bench, attachment) == 0x1A ? true : nil
                }
            }
        }

        @Test(
            "while somebody watches, a flow keeps its way out for a second; else for a tenth",
            arguments: ProgramTests.Attachment.allCases)
        func watchedWay(_ attachment: ProgramTests.Attachment) async throws {
            try await withBench { bench in
                try bench.install()
                let places = KernelMap<UInt32, relay_place>(bench.table.places.descriptor)
                let place = bench.table.flows.place(of: ProgramTests.ours.at(30_000))
                /// Where a packet goes whose way out is so old, the word that routes are known being so old, after the
                /// neighbour has moved: times in ticks, about a millisecond each.
                func hop(age: UInt64, watched: UInt64) throws -> UInt8? {
                    try moveNeighbour(0x0A)
                    bench.table.renewRoutes()
                    #expect(try nextHop(bench, attachment) == 0x0A)
                    try moveNeighbour(0x1A)
                    var value = relay_place()
                    #expect(try places.lookUp(place, into: &value))
                    value.flows.0.lease -= age
                    try places.update(place, value)
                    bench.table.routesAreKnown(at: SystemClock.monotonic - watched << RELAY_ROUTE_TICK_BITS.rawValue)
                    return try nextHop(bench, attachment)
                }
                // This may be interrupted for so long that nothing of it is believed.
                _ = try await eventually("what is known to be good is used") {
                    try hop(age: 300, watched: 1) == 0x0A ? true : nil
                }
                #expect(try hop(age: 300, watched: 100) == 0x1A, "nobody has watched lately")
                #expect(try hop(age: 960, watched: 0) == 0x1A, "nobody is told of everything")
                #expect(try hop(age: 100, watched: 100_000) == 0x1A, "nobody has watched for minutes")
            }
        }

        @Test("somebody tells the program")
        func watched() async throws {
            try await withBench { bench in
                let watch = try RouteWatch(bench.table)
                defer { watch.stop() }
                for change in [
                    "neigh replace 192.0.2.10 lladdr 02:00:00:00:00:2a dev kt-route",
                    "route add 203.0.113.0/25 via 192.0.2.10", "-6 route add 2001:db8:1::/64 via 2001:db8::10",
                    "addr add 192.0.2.2/24 dev kt-route", "rule add from 192.0.2.3 lookup main",
                    "link set kt-route mtu 1400",
                ] {
                    let before = bench.table.routeGeneration
                    try TestNetwork.ip(change)
                    _ = try await eventually("\(change) is seen", every: .milliseconds(1)) {
                        bench.table.routeGeneration != before ? true : nil
                    }
                }
                try TestNetwork.ip("rule del from 192.0.2.3 lookup main")
            }
        }

        @Test("that a neighbour is still there is no news; that it is another, or gone, is")
        func neighbours() async throws {
            try await withBench { _ in
                var news = RouteNews(try RouteNews.open())
                /// Whether these changes are news. What else is going on in the namespace comes to an end.
                func isNews(_ changes: String...) throws -> Bool {
                    _ = try news.take()
                    for change in changes { try TestNetwork.ip("neigh \(change) dev kt-route") }
                    return try news.take()
                }
                let here = "replace 192.0.2.10 lladdr 02:00:00:00:00:0a nud"
                let there = "replace 192.0.2.10 lladdr 02:00:00:00:00:1a nud"
                _ = try isNews("\(here) stale", "\(here) reachable")
                _ = try await eventually("that it is still there is none") {
                    try isNews("\(here) stale", "\(here) reachable", "\(here) permanent") ? nil : true
                }
                #expect(try isNews("\(there) reachable"))
                #expect(try isNews("\(here) reachable"))
                #expect(try isNews("del 192.0.2.10"))
                #expect(try isNews("\(here) reachable"))
                #expect(try isNews("replace 192.0.2.10 nud failed"))
                #expect(try isNews("replace 2001:db8::10 lladdr 02:00:00:00:00:1b nud permanent"))
            }
        }

        @Test(
            "a longer packet than the way out was asked for is looked at again",
            arguments: ProgramTests.Attachment.allCases)
        func longer(_ attachment: ProgramTests.Attachment) async throws {
            try await withBench { bench in
                try bench.install(target: TransportAddress(try #require(IPAddress("203.0.113.5")), port: 5000))
                #expect(try nextHop(bench, attachment) == 0x0A)
                let long = ProgramTests.frame(payload: TestFrame.rtp() + [UInt8](repeating: 0, count: 600))
                #expect(try bench.run(long.octets, attachment).verdict == ProgramTests.passed[attachment])
                #expect(try bench.table.verdicts().packets[Int(RELAY_TOO_BIG.rawValue)] == 1)
                #expect(try nextHop(bench, attachment) == 0x0A)
            }
        }

        @Test("XDP does not send through an interface that takes nothing from it; tc does")
        func interfaceWithoutXDP() async throws {
            try await withBench { bench in
                try bench.table.setOutput(bench.network.index, relay_interface(carrier: 0, vlan: 0))
                try bench.install()
                let frame = ProgramTests.frame().octets
                #expect(try bench.run(frame, .xdp).verdict == ProgramTests.passed[.xdp])
                #expect(try bench.table.verdicts().packets[Int(RELAY_NO_INTERFACE.rawValue)] == 1)
                #expect(ProgramTests.sent[.tc]?.contains(try bench.run(frame, .tc).verdict) == true)
            }
        }

        @Test("XDP and tc do not take each other's way out")
        func kinds() async throws {
            try await withBench { bench in
                let index = bench.network.index
                try bench.table.setOutput(index, relay_interface(carrier: index, vlan: 200))
                try bench.install()
                for _ in 0..<2 {
                    let tagged = TestFrame(try bench.run(ProgramTests.frame().octets, .xdp).packet)
                    #expect(tagged?.vlan == 200)
                    let plain = TestFrame(try bench.run(ProgramTests.frame().octets, .tc).packet)
                    #expect(plain?.vlan == nil && plain?.destination.last == 0x0A)
                }
            }
        }
    }
}
