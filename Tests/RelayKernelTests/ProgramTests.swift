import CRelayKernel
import Foundation
import Glibc
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// The program, packet by packet: what goes in, the verdict, and what comes out.
    @Suite("The forwarding program")
    struct ProgramTests {
        enum Attachment: String, CaseIterable { case xdp, tc }

        /// What the kernel's headers call them.
        static let passed: [Attachment: UInt32] = [.xdp: 2, .tc: UInt32(bitPattern: -1)]
        static let sent: [Attachment: Set<UInt32>] = [.xdp: [3, 4], .tc: [7]]

        static let ours = Side("192.0.2.1", "2001:db8::1")
        static let theirs = Side("192.0.2.10", "2001:db8::10")

        struct Side {
            let (four, six): (IPAddress, IPAddress)
            init(_ four: String, _ six: String) {
                // Literals, all of them right.
                (self.four, self.six) = (IPAddress(four)!, IPAddress(six)!)
            }
            func at(_ port: UInt16, _ family: AddressFamily = .ipv4) -> TransportAddress {
                TransportAddress(family == .ipv4 ? four : six, port: port)
            }
        }

        enum Kind { case rtp, rtcp }

        /// A table with one flow: what comes from their port 4000 to ours 30000 goes from ours 30002 to their 5000.
        final class Bench {
            let table: KernelTable
            let network: TestNetwork

            init(_ network: TestNetwork) throws {
                self.network = network
                table = try KernelTable(number: nil)
                try table.setOutput(network.index, relay_interface(carrier: network.index, vlan: 0))
            }

            func install(
                _ from: AddressFamily = .ipv4, _ to: AddressFamily = .ipv4, target: TransportAddress? = nil,
                carries kind: Kind = .rtp, tos: UInt8 = 184
            ) throws {
                var flow = KernelFlow(source: theirs.at(4000, from), tos: tos, clockRate: 8000)
                let path = KernelFlow.Path(from: ours.at(30_002, to), to: target ?? theirs.at(5000, to))
                if kind == .rtp { flow.rtp = path } else { flow.rtcp = path }
                #expect(table.flows.set(ours.at(30_000, from), flow, at: SystemClock.monotonic) == nil)
            }

            /// Has the flow know something that the program would have found out.
            func remember(_ tag: relay_route_limits) throws {
                let places = KernelMap<UInt32, relay_place>(table.places.descriptor)
                let place = table.flows.place(of: ours.at(30_000))
                var value = relay_place()
                #expect(try places.lookUp(place, into: &value))
                value.flows.0.tag |= UInt16(tag.rawValue)
                try places.update(place, value)
            }

            func run(_ frame: [UInt8], _ attachment: Attachment, repeated: Int = 1) throws -> ProgramRun.Outcome {
                var run = ProgramRun(frame)
                run.repetitions = repeated
                return try run(attachment == .xdp ? table.xdp : table.tc)
            }
        }

        static func frame(_ family: AddressFamily = .ipv4, payload: [UInt8] = TestFrame.rtp()) -> TestFrame {
            TestFrame(from: theirs.at(4000, family), to: ours.at(30_000, family), payload: payload)
        }

        private func withBench(_ name: String, _ body: (Bench) throws -> Void) throws {
            let network = try TestNetwork(name)
            defer { network.remove() }
            try body(try Bench(network))
        }

        @Test(
            "forwards RTP: addresses, ports, TOS, hop limit, checksums, hardware addresses",
            arguments: Attachment.allCases,
            [(AddressFamily.ipv4, AddressFamily.ipv4), (.ipv6, .ipv6), (.ipv4, .ipv6), (.ipv6, .ipv4)])
        func forwards(_ attachment: Attachment, _ families: (AddressFamily, AddressFamily)) throws {
            try withBench("kt-forward") { bench in
                try bench.install(families.0, families.1)
                let outcome = try bench.run(Self.frame(families.0).octets, attachment)
                #expect(Self.sent[attachment]?.contains(outcome.verdict) == true)
                var expected = TestFrame(
                    from: Self.ours.at(30_002, families.1), to: Self.theirs.at(5000, families.1),
                    payload: TestFrame.rtp())
                (expected.source, expected.tos, expected.hopLimit) = (bench.network.hardware, 184, 64)
                expected.destination = [0x02, 0, 0, 0, 0, families.1 == .ipv4 ? 0x0A : 0x0B]
                #expect(TestFrame(outcome.packet) == expected, "\(outcome.packet)")
                #expect(outcome.packet == expected.octets)
                #expect(try bench.table.verdicts().forwarded == 1)
                #expect(try bench.table.verdicts().bytes == UInt64(expected.payload.count))
            }
        }

        @Test("a UDP checksum that IPv4 leaves out stays out", arguments: Attachment.allCases)
        func noChecksum(_ attachment: Attachment) throws {
            try withBench("kt-nosum") { bench in
                try bench.install()
                var frame = Self.frame()
                frame.hasChecksum = false
                let outcome = try bench.run(frame.octets, attachment)
                #expect(TestFrame(outcome.packet)?.hasChecksum == false)
                #expect(TestFrame(outcome.packet)?.to == Self.theirs.at(5000))
            }
        }

        @Test(
            "a complete checksum that looks like one left to hardware stays right",
            arguments: Attachment.allCases, ["192.0.2.10", "192.0.2.12"])
        func ambiguous(_ attachment: Attachment, _ target: String) throws {
            // Where the addresses change nothing of the sum, and where they do.
            try withBench("kt-likely") { bench in
                let other = try #require(IPAddress(target))
                try TestNetwork.ip("neigh replace 192.0.2.12 lladdr 02:00:00:00:00:0c dev kt-likely")
                try bench.install(target: TransportAddress(other, port: 5000))
                var frame = Self.frame(payload: TestFrame.rtp() + [0, 0])
                func sums() -> (complete: UInt32, pseudo: UInt32) {
                    func word(_ octets: [UInt8]) -> UInt32 { UInt32(octets[40]) << 8 | UInt32(octets[41]) }
                    return (word(frame.octets), word(Self.withPartialChecksum(frame)))
                }
                // What is added to the payload is taken off the checksum.
                let word = sums().complete + (0xFFFF - sums().pseudo)
                frame.payload.replaceSubrange(
                    (frame.payload.count - 2)..., with: TestFrame.octets(UInt64(word & 0xFFFF + word >> 16), 2))
                #expect(sums().complete == sums().pseudo)
                let outcome = try bench.run(frame.octets, attachment)
                if attachment == .xdp {
                    #expect(outcome.verdict == Self.passed[.xdp], "XDP cannot know")
                    return
                }
                var expected = TestFrame(
                    from: Self.ours.at(30_002), to: TransportAddress(other, port: 5000), payload: frame.payload)
                (expected.source, expected.tos, expected.hopLimit) = (bench.network.hardware, 184, 64)
                expected.destination = [0x02, 0, 0, 0, 0, other == Self.theirs.four ? 0x0A : 0x0C]
                #expect(outcome.packet == expected.octets)
                // What is remembered of packets before is believed until one is complete, or the way out is asked for.
                try bench.remember(RELAY_TAG_PARTIAL)
                _ = try bench.run(Self.frame().octets, attachment)
                #expect(try bench.run(frame.octets, attachment).packet == expected.octets)
                try bench.remember(RELAY_TAG_PARTIAL)
                bench.table.renewRoutes()
                #expect(try bench.run(frame.octets, attachment).packet == expected.octets)
            }
        }

        /// What is not forwarded, and why.
        struct Exception: CustomTestStringConvertible {
            let testDescription: String
            let reason: relay_verdict
            var families: (AddressFamily, AddressFamily) = (.ipv4, .ipv4)
            var target: TransportAddress?
            var only: Attachment?
            let frame: [UInt8]

            init(_ description: String, _ reason: relay_verdict, _ change: (inout TestFrame) -> Void = { _ in }) {
                var frame = ProgramTests.frame()
                change(&frame)
                (testDescription, self.reason, self.frame) = (description, reason, frame.octets)
            }

            init(_ description: String, _ reason: relay_verdict, octets: [UInt8]) {
                (testDescription, self.reason, frame) = (description, reason, octets)
            }

            func with(_ change: (inout Exception) -> Void) -> Exception {
                var exception = self
                change(&exception)
                return exception
            }
        }

        private static var withOptions: [UInt8] {
            var frame = Self.frame().octets
            frame[14] = 0x46
            frame.insert(contentsOf: [1, 1, 1, 0], at: 34)
            return frame
        }

        private static var withExtensionHeader: [UInt8] {
            var frame = Self.frame(.ipv6).octets
            frame[20] = 0
            return frame
        }

        private static func withPartialChecksum(_ frame: TestFrame) -> [UInt8] {
            var frame = frame
            frame.hasChecksum = false
            var octets = frame.octets
            // What a sender on this machine leaves to its hardware: the sum of the pseudo header, not inverted.
            let pseudo = [0xC000, 0x020A, 0xC000, 0x0201, 17, UInt32(frame.payload.count) + 8].reduce(0, +)
            octets.replaceSubrange(40..<42, with: TestFrame.octets(UInt64(pseudo & 0xFFFF + pseudo >> 16), 2))
            return octets
        }

        static let exceptions: [Exception] = [
            Exception("STUN", RELAY_NOT_RTP) { $0.payload = [0, 1, 0, 0] + [UInt8](repeating: 0, count: 16) },
            Exception("too short for RTP", RELAY_NOT_RTP) { $0.payload = [0x80, 8, 0, 1] },
            Exception("more sources than there is packet", RELAY_NOT_RTP) { $0.payload[0] = 0x8F },
            Exception("an extension longer than the packet", RELAY_NOT_RTP) {
                $0.payload = [0x90] + TestFrame.rtp().dropFirst()
                $0.payload[14] = 0xFF
            },
            Exception("RTCP on an RTP port", RELAY_NOT_RTP) { $0.payload = TestFrame.rtcp },
            Exception("another port", RELAY_UNKNOWN_SOURCE) { $0.from = theirs.at(4001) },
            Exception("another address", RELAY_UNKNOWN_SOURCE) {
                $0.from = TransportAddress(IPAddress("192.0.2.11")!, port: 4000)
            },
            Exception("the first fragment", RELAY_FRAGMENT) { $0.fragment = 0x2000 },
            Exception("a later fragment", RELAY_FRAGMENT) { $0.fragment = 0x0010 },
            Exception("IPv4 options", RELAY_OPTIONS, octets: withOptions),
            Exception("an IPv6 extension header", RELAY_OPTIONS, octets: withExtensionHeader),
            Exception(
                "a datagram shorter than its packet", RELAY_ODD_LENGTH,
                octets: frame().octets.enumerated().map {
                    $0.offset == 39 ? $0.element - 1 : $0.element
                }),
            Exception("no checksum, towards IPv6", RELAY_NO_CHECKSUM) { $0.hasChecksum = false }
                .with { $0.families.1 = .ipv6 },
            Exception("a checksum left to hardware", RELAY_NO_CHECKSUM, octets: withPartialChecksum(frame())).with {
                $0.only = .xdp
            },
            Exception("an unknown neighbour", RELAY_NO_NEIGHBOUR).with {
                $0.target = TransportAddress(IPAddress("192.0.2.77")!, port: 5000)
            },
            Exception("too big for the route", RELAY_TOO_BIG) { $0.payload += [UInt8](repeating: 0, count: 600) }
                .with { $0.target = TransportAddress(IPAddress("203.0.113.5")!, port: 5000) },
            Exception("no route", RELAY_NO_ROUTE).with {
                $0.target = TransportAddress(IPAddress("198.51.100.1")!, port: 5000)
            },
            Exception("a destination on this host", RELAY_NO_ROUTE).with { $0.target = ours.at(6000) },
        ]

        @Test("passes up, untouched and counted, what is not plain RTP of a known source", arguments: exceptions)
        func passes(_ exception: Exception) throws {
            try withBench("kt-pass") { bench in
                try bench.install(
                    exception.families.0, exception.families.1, target: exception.target)
                for attachment in Attachment.allCases where exception.only == nil || exception.only == attachment {
                    let before = try bench.table.verdicts().packets
                    let outcome = try bench.run(exception.frame, attachment)
                    #expect(outcome.verdict == Self.passed[attachment], "\(attachment)")
                    #expect((outcome.packet == exception.frame) == true, "\(attachment)")
                    var expected = before
                    expected[Int(exception.reason.rawValue)] += 1
                    #expect(try bench.table.verdicts().packets == expected, "\(attachment)")
                }
            }
        }

        @Test("frames for other hardware go by: cards that listen to everything bring them, too")
        func otherHardware() throws {
            try withBench("kt-promisc") { bench in
                try bench.install()
                func run(_ hardware: [UInt8], _ attachment: Attachment, on interface: UInt32 = 0) throws -> UInt32 {
                    var frame = Self.frame()
                    frame.destination = hardware
                    var run = ProgramRun(frame.octets)
                    run.interface = interface
                    return try run(attachment == .xdp ? bench.table.xdp : bench.table.tc).verdict
                }
                let multicast: [UInt8] = [0x01, 0, 0x5E, 0, 0, 1]
                for attachment in Attachment.allCases {
                    #expect(try run(multicast, attachment) == Self.passed[attachment])
                    #expect(try run([UInt8](repeating: 0xFF, count: 6), attachment) == Self.passed[attachment])
                }
                let other: [UInt8] = [0x02, 0, 0, 0, 0x99, 0x99]
                #expect(try run(other, .tc) == Self.passed[.tc])
                #expect(try run(other, .xdp, on: bench.network.index) == Self.passed[.xdp])
                #expect(try bench.table.verdicts().packets.allSatisfy { $0 == 0 })
                #expect(try run(bench.network.hardware, .xdp, on: bench.network.index) == 3, "XDP_TX")
                #expect(try bench.table.verdicts().forwarded == 1)
            }
        }

        @Test("what is not ours goes by uncounted", arguments: Attachment.allCases)
        func goesBy(_ attachment: Attachment) throws {
            try withBench("kt-by") { bench in
                try bench.install()
                var other = Self.frame()
                other.to = Self.ours.at(30_004)
                var transmission = Self.frame().octets
                transmission[23] = 6  // TCP
                let arp = [UInt8](repeating: 0xFF, count: 12) + [0x08, 0x06] + [UInt8](repeating: 0, count: 46)
                for frame in [other.octets, transmission, arp, Array(Self.frame().octets.prefix(40))] {
                    let outcome = try bench.run(frame, attachment)
                    #expect(outcome.verdict == Self.passed[attachment])
                    #expect(outcome.packet == frame)
                }
                #expect(try bench.table.verdicts().packets.allSatisfy { $0 == 0 })
            }
        }

        @Test("no prefix of a packet is taken for a whole one", arguments: Attachment.allCases)
        func truncated(_ attachment: Attachment) throws {
            try withBench("kt-cut") { bench in
                try bench.install()
                try bench.install(.ipv6, .ipv6)
                for family in AddressFamily.allCases {
                    let whole = Self.frame(family).octets
                    // What the kernel takes for a packet has a network header at least.
                    for length in (attachment == .tc ? 54 : 14)..<whole.count {
                        // The header says more than there is; only the RTP payload's end may be cut unseen.
                        let outcome = try bench.run(Array(whole.prefix(length)), attachment)
                        let headers = whole.count - 20
                        if length < headers {
                            #expect(outcome.verdict == Self.passed[attachment], "\(family) \(length)")
                        }
                    }
                }
            }
        }

        @Test("RTCP goes its own way, on its port and on a shared one", arguments: Attachment.allCases)
        func rtcp(_ attachment: Attachment) throws {
            try withBench("kt-rtcp") { bench in
                try bench.install(carries: .rtcp)
                let outcome = try bench.run(Self.frame(payload: TestFrame.rtcp).octets, attachment)
                #expect(TestFrame(outcome.packet)?.payload == TestFrame.rtcp)
                #expect(TestFrame(outcome.packet)?.from == Self.ours.at(30_002))
                #expect(try bench.run(Self.frame().octets, attachment).verdict == Self.passed[attachment])
            }
        }

        @Test("RTCP is copied out, as much as there is room for, and then no more", arguments: Attachment.allCases)
        func reports(_ attachment: Attachment) throws {
            try withBench("kt-reports") { bench in
                try bench.install(carries: .rtcp)
                let before = SystemClock.monotonic
                // Empty, then with a block, then in front of so much that its record is a long one.
                var block: [UInt8] = [0x81, 201, 0, 7] + TestFrame.octets(9, 4) + TestFrame.octets(7, 4)
                block += [64, 0, 0, 5] + [UInt8](repeating: 0, count: 16)
                let name: [UInt8] = [0x81, 202, 0, 99] + [UInt8](repeating: 1, count: 396)
                for payload in [TestFrame.rtcp, block, name + block] {
                    let outcome = try bench.run(Self.frame(payload: payload).octets, attachment)
                    #expect(TestFrame(outcome.packet)?.payload == payload)
                }
                let found = bench.table.reports.take()
                #expect(found.map(\.digest.blockCount) == [0, 1, 1])
                #expect(
                    found.map(\.digest[0].ssrc) == [0, 7, 7] && found.map(\.digest[0].cumulativeLost) == [0, 5, 5])
                #expect(found.allSatisfy { $0.cell == 0 && $0.time >= before && $0.time <= SystemClock.monotonic })
                #expect(bench.table.reports.take().isEmpty)
                #expect(try bench.table.verdicts().lostReports == 0)
                // A packet that comes back as it was would be another flow's; so one by one, into a full ring.
                let frame = Self.frame(payload: name + block).octets
                for _ in 0..<2100 { _ = try bench.run(frame, attachment) }
                let verdicts = try bench.table.verdicts()
                #expect(verdicts.forwarded == 2103, "forwarding goes on")
                #expect(verdicts.lostReports > 0)
                #expect(UInt64(bench.table.reports.take().count) + verdicts.lostReports == 2100)
            }
        }

        @Test("XDP reads and writes VLAN tags")
        func vlan() throws {
            try withBench("kt-vlan") { bench in
                try bench.install()
                var tagged = Self.frame()
                tagged.vlan = 100
                var outcome = try bench.run(tagged.octets, .xdp)
                #expect(TestFrame(outcome.packet)?.vlan == nil)
                #expect(TestFrame(outcome.packet)?.to == Self.theirs.at(5000))
                let index = bench.network.index
                try bench.table.setOutput(index, relay_interface(carrier: index, vlan: 200))
                outcome = try bench.run(tagged.octets, .xdp)
                #expect(TestFrame(outcome.packet)?.vlan == 200)
                outcome = try bench.run(Self.frame().octets, .xdp)
                #expect(TestFrame(outcome.packet)?.vlan == 200)
                #expect(TestFrame(outcome.packet)?.payload == TestFrame.rtp())
            }
        }

        /// The time of a run is printed for whoever wants to know: two neighbours, whom a packet goes back and forth
        /// between.
        @Test("a packet that comes back as it was, a hundred thousand times", arguments: Attachment.allCases)
        func cost(_ attachment: Attachment) throws {
            try withBench("kt-cost") { bench in
                try TestNetwork.ip("neigh replace 192.0.2.20 lladdr 02:00:00:00:00:0c dev kt-cost")
                let one = TransportAddress(try #require(IPAddress("192.0.2.10")), port: 4000)
                let other = TransportAddress(try #require(IPAddress("192.0.2.20")), port: 30_000)
                for (local, remote) in [(one, other), (other, one)] {
                    let flow = KernelFlow(source: remote, rtp: .init(from: local, to: remote), tos: 184)
                    #expect(bench.table.flows.set(local, flow, at: SystemClock.monotonic) == nil)
                }
                let frame = TestFrame(from: one, to: other, payload: TestFrame.rtp())
                let outcome = try bench.run(frame.octets, attachment, repeated: 100_000)
                print("\(attachment): \(outcome.duration) ns for each packet")
                #expect(try bench.table.verdicts().forwarded == 100_000)
                #expect(TestFrame(outcome.packet)?.payload == TestFrame.rtp())
            }
        }
    }
}
