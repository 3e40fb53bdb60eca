import CRelayKernel
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// The flows as the daemon keeps them, and as the program finds them.
    @Suite("The flow table")
    struct FlowTableTests {
        /// Local addresses of one port that meet in one place.
        static func neighbours(_ count: Int, in table: KernelTable) -> [TransportAddress] {
            var found: [UInt32: [TransportAddress]] = [:]
            for low in UInt32.min... {
                let local = TransportAddress(IPAddress(ipv4: 0x0A00_0000 | low & 0xFF_FFFF), port: 30_000)
                let place = table.flows.place(of: local)
                found[place, default: []].append(local)
                if let all = found[place], all.count == count { return all }
            }
            return []
        }

        private static func flow(_ port: UInt16) -> KernelFlow {
            KernelFlow(
                source: ProgramTests.theirs.at(4000),
                rtp: .init(from: ProgramTests.ours.at(30_002), to: ProgramTests.theirs.at(port)), tos: 184,
                clockRate: 8000, counters: UInt32(port))
        }

        private func withBench(_ body: (ProgramTests.Bench) throws -> Void) throws {
            let network = try TestNetwork("kt-flows")
            defer { network.remove() }
            try body(try ProgramTests.Bench(network))
        }

        /// The port that the program sends to what comes to a local address; `nil` when it passes it up.
        private func target(of local: TransportAddress, _ bench: ProgramTests.Bench) throws -> UInt16? {
            let frame = TestFrame(from: ProgramTests.theirs.at(4000), to: local, payload: TestFrame.rtp())
            let outcome = try bench.run(frame.octets, .tc)
            guard ProgramTests.sent[.tc]?.contains(outcome.verdict) == true else { return nil }
            return TestFrame(outcome.packet)?.to.port
        }

        @Test("flows of one place are told apart, replaced and removed, the first, the middle and the last")
        func chains() throws {
            try withBench { bench in
                let locals = Self.neighbours(Int(RELAY_CHAIN.rawValue) + 1, in: bench.table)
                let flows = bench.table.flows
                for (index, local) in locals.dropLast().enumerated() {
                    #expect(flows.set(local, Self.flow(5000 + UInt16(index)), at: 0) == nil)
                }
                #expect(
                    flows.set(locals[locals.count - 1], Self.flow(6000), at: 0) == .crowded,
                    "the program does not go so far")
                for (index, local) in locals.dropLast().enumerated() {
                    let first = try target(of: local, bench)
                    #expect(flows.set(local, Self.flow(7000 + UInt16(index)), at: 0) == nil)
                    let second = try target(of: local, bench)
                    #expect(first == 5000 + UInt16(index) && second == 7000 + UInt16(index))
                }
                for index in [0, 3, locals.count - 2] {
                    #expect(flows.remove(locals[index], at: 0))
                    #expect(!flows.remove(locals[index], at: 0))
                    #expect(try target(of: locals[index], bench) == nil)
                }
                #expect(flows.all.count == locals.count - 4)
                for index in [1, 2, 4] { #expect(try target(of: locals[index], bench) == 7000 + UInt16(index)) }
            }
        }

        @Test("another process reads all flows back as they were, and uses no number of theirs")
        func adopts() throws {
            try withBench { bench in
                var muxed = Self.flow(5004)
                muxed.rtcp = .init(from: ProgramTests.ours.at(30_005), to: ProgramTests.theirs.at(5005))
                var six = Self.flow(5006)
                six.source = ProgramTests.theirs.at(4000, .ipv6)
                six.rtcp = .init(from: ProgramTests.ours.at(30_007, .ipv6), to: ProgramTests.theirs.at(5007, .ipv6))
                six.rtp = nil
                let expected = [
                    ProgramTests.ours.at(30_000): Self.flow(5000), ProgramTests.ours.at(30_004): muxed,
                    ProgramTests.ours.at(30_006, .ipv6): six,
                ]
                for (local, flow) in expected { #expect(bench.table.flows.set(local, flow, at: 0) == nil) }
                let next = FlowTable(bench.table.places)
                #expect(next.all == expected)
                #expect(next.set(ProgramTests.ours.at(30_008), Self.flow(5008), at: 0) == nil)
                var all = next.all
                #expect(all.removeValue(forKey: ProgramTests.ours.at(30_008)) == Self.flow(5008))
                #expect(all == expected)
            }
        }

        @Test("a later process adopts maps of its own layout, and removes those of another")
        func layouts() throws {
            let number = 47_016
            _ = try KernelTable.flush(number)
            defer { _ = try? KernelTable.flush(number) }
            let local = ProgramTests.ours.at(30_000)
            func leave() throws {
                let table = try KernelTable(number: number)
                #expect(table.flows.set(local, Self.flow(5000), at: 0) == nil)
            }
            func find(layout: UInt32) throws -> [TransportAddress: KernelFlow]? {
                let table = try KernelTable(number: number, places: 2048, layout: layout)
                return table.isAdopted ? table.flows.all : nil
            }
            try leave()
            #expect(try find(layout: RELAY_LAYOUT) == [local: Self.flow(5000)])
            #expect(try find(layout: RELAY_LAYOUT + 1) == nil)
            #expect(try find(layout: RELAY_LAYOUT + 1) == [:])
        }

        @Test("a number rests before it is used again")
        func rests() {
            let pool = NumberPool(1..<3, used: [])
            #expect(pool.take(at: 0) == 1)
            #expect(pool.take(at: 0) == 2)
            #expect(pool.take(at: 0) == nil)
            pool.release(2, at: 10)
            #expect(pool.take(at: 1_000_000_009) == nil)
            #expect(pool.take(at: 1_000_000_010) == 2)
            #expect(NumberPool(1..<3, used: [2]).take(at: 1_000_000_000) == 1)
            let other = NumberPool(0..<8, used: [3])
            #expect(other.take(at: 0, preferring: [6, 7]) == 6)
            #expect(other.take(at: 0, preferring: [6, 7]) == 7)
            #expect(other.take(at: 0, preferring: [6, 3]) == 0)
            other.release(3, at: 0)
            #expect(other.take(at: 0, preferring: [3]) == 3)
        }

        @Test("RTP and RTCP on one port each go their own way", arguments: ProgramTests.Attachment.allCases)
        func muxed(_ attachment: ProgramTests.Attachment) throws {
            try withBench { bench in
                var flow = Self.flow(5000)
                flow.rtcp = .init(from: ProgramTests.ours.at(30_003), to: ProgramTests.theirs.at(5001))
                flow.counters = 7
                #expect(bench.table.flows.set(ProgramTests.ours.at(30_000), flow, at: 0) == nil)
                let rtp = TestFrame(try bench.run(ProgramTests.frame().octets, attachment).packet)
                let report = ProgramTests.frame(payload: TestFrame.rtcp).octets
                let rtcp = TestFrame(try bench.run(report, attachment).packet)
                #expect(rtp?.to == ProgramTests.theirs.at(5000) && rtp?.from == ProgramTests.ours.at(30_002))
                #expect(rtcp?.to == ProgramTests.theirs.at(5001) && rtcp?.from == ProgramTests.ours.at(30_003))
                let counted = CellPool(bench.table.places, used: []).read(7)
                #expect(counted.rtp_packets == 1 && counted.rtcp_packets == 1)
            }
        }
    }
}
